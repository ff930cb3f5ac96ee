// The English words that a reader sees on the page, or hears of it, beside names: each with the
// text that it stands in. The page's own text only: what peers and captures say is theirs.
const names = new Set(arguments[0].split(/\s+/));
const foreign = '[data-test=body], .headers, .hex, code, kbd, .languages, [data-test=strip-letter], .mono';
const left = [];
const look = (text, where) => {
  // Fields are called as tshark calls them; numbers are no words.
  const said = text.replace(/\b[a-z0-9]+(\.[a-z0-9_]+)+|\b0x[0-9a-f]+/g, '');
  for (const word of said.match(/[A-Za-z][A-Za-z0-9]+/g) ?? []) {
    if (!names.has(word)) left.push(`${word} in ${where}: ${text.trim().slice(0, 120)}`);
  }
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (/^(SCRIPT|STYLE|NOSCRIPT)$/.test(element.tagName) || element.closest(foreign)) continue;
  if (element.checkVisibility({ visibilityProperty: true })) look(node.data, element.localName);
}
for (const element of document.body.querySelectorAll('[title], [aria-label], [placeholder], [alt]')) {
  if (element.closest(foreign) || !element.checkVisibility({ visibilityProperty: true })) continue;
  for (const name of ['title', 'aria-label', 'placeholder', 'alt']) {
    look(element.getAttribute(name) ?? '', `${element.localName}[${name}]`);
  }
}
return [...new Set(left)];
