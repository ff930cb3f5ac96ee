// What the ladder draws now: see `Glance` in ladder.rs.
const find = (name) => document.querySelector(`[data-test='${name}']`);
const all = (name) => [...document.querySelectorAll(`[data-test='${name}']`)];
const scroll = find("ladder-scroll");
const rect = scroll.getBoundingClientRect();
const pen = document.createElement("canvas").getContext("2d");

// The ink of an SVG text in its own coordinates: its box, less what the font keeps free above and below.
const ink = (text) => {
  const box = text.getBBox();
  const style = getComputedStyle(text);
  pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const m = pen.measureText(text.textContent);
  const scale = box.height / (m.fontBoundingBoxAscent + m.fontBoundingBoxDescent);
  const top = box.y + (m.fontBoundingBoxAscent - m.actualBoundingBoxAscent) * scale;
  const bottom = box.y + box.height - (m.fontBoundingBoxDescent - m.actualBoundingBoxDescent) * scale;
  return [[box.x, top], [box.x + box.width, top], [box.x + box.width, bottom], [box.x, bottom]];
};
const corners = (element) => {
  if (element instanceof SVGGraphicsElement) {
    const matrix = element.getScreenCTM();
    return ink(element).map(([x, y]) => {
      const point = new DOMPoint(x, y).matrixTransform(matrix);
      return [point.x, point.y];
    });
  }
  const r = element.getBoundingClientRect();
  return [[r.left, r.top], [r.right, r.top], [r.right, r.bottom], [r.left, r.bottom]];
};
const number = (element, name) => {
  const value = element.getAttribute(name);
  return value === null ? null : Number(value);
};

// The strip's room and its marks; what stands beside and above it; and every mark that leaves its room.
const box = (element) => {
  const r = element.getBoundingClientRect();
  return [r.left, r.top, r.right, r.bottom];
};
const strip = () => ({
  room: box(document.querySelector(".strip-room")),
  marks: [...document.querySelectorAll(".strip-room rect, .strip-room text")].map((mark) => ({
    text: mark.textContent || "a letter's box",
    place: box(mark),
  })),
  beside: [...document.querySelectorAll(".above .who, .above .menu")].map((element) => ({
    text: element.textContent.trim().slice(0, 12),
    place: box(element),
  })),
  within: box(document.querySelector(".above")),
});

return {
  port: [rect.left + scroll.clientLeft, rect.top + scroll.clientTop,
    rect.left + scroll.clientLeft + scroll.clientWidth, rect.top + scroll.clientTop + scroll.clientHeight],
  labels: [...document.querySelectorAll("svg .label")]
    .filter((label) => label.textContent.trim() !== "")
    .map((label) => ({
      text: label.textContent.trim(),
      corners: corners(label),
      scrolls: scroll.contains(label),
    })),
  arrows: all("arrow").map((arrow) => ({
    frame: number(arrow, "data-frame"),
    kind: arrow.getAttribute("data-kind"),
    from: arrow.getAttribute("data-from"),
    to: arrow.getAttribute("data-to"),
    flags: arrow.getAttribute("data-flags"),
    seq: number(arrow, "data-seq"),
    ack: number(arrow, "data-ack"),
    len: number(arrow, "data-len"),
    cause: arrow.getAttribute("data-cause"),
  })),
  states: all("state").map((state) => ({
    lane: state.getAttribute("data-lane"),
    state: state.getAttribute("data-state"),
    inferred: state.getAttribute("data-inferred") === "true",
  })),
  strip: strip(),
  scroll: [scroll.scrollTop, scroll.scrollHeight, scroll.clientHeight],
};
