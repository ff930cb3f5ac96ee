// Scrolls the ladder and waits until what is drawn has not changed for a while.
const [top, done] = arguments;
const scroll = document.querySelector("[data-test='ladder-scroll']");
const drawn = () => [...document.querySelectorAll("[data-test='arrow']")]
  .map((arrow) => `${arrow.dataset.frame}@${Math.round(arrow.getBoundingClientRect().top)}`).join();
scroll.scrollTop = top;
let last = drawn(), quiet = 0, left = 100;
const look = () => {
  const now = drawn();
  quiet = now === last ? quiet + 1 : 0;
  last = now;
  left -= 1;
  if (quiet >= 6 || left === 0) {
    done(null);
  } else {
    setTimeout(look, 30);
  }
};
setTimeout(look, 30);
