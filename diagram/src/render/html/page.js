'use strict';
(() => {
  const root = document.documentElement;
  const view = document.getElementById('x-view');
  const sheet = document.getElementById('x-sheet');
  const side = document.getElementById('x-side');
  const ladder = sheet.querySelector('svg:not(.x-heads)');
  const dark = document.querySelectorAll('style.x-dark');
  const width = ladder.viewBox.baseVal.width;
  const height = ladder.viewBox.baseVal.height;
  root.classList.add('x-script');

  // Below the head, as high as the window lets it be.
  const fill = () => {
    const top = document.querySelector('.x-head').offsetHeight;
    root.style.setProperty('--x-top', top + 'px');
  };
  fill();
  addEventListener('resize', fill);

  // What each packet is drawn as. One that was never seen has the number of the packet that
  // showed it missing, and is no part of that.
  const numbers = [];
  const arrows = new Map();
  for (const group of ladder.querySelectorAll('.arrow[data-packet]:not(.ghost)')) {
    const number = Number(group.dataset.packet);
    if (!arrows.has(number)) {
      arrows.set(number, []);
      numbers.push(number);
    }
    arrows.get(number).push(group);
  }
  const order = new Map(numbers.map((number, index) => [number, index]));

  // Zoom: the sheet's width.
  let zoom = 1;
  const fitting = () => Math.min(1.5, Math.max(0.3, (view.clientWidth - 2) / width));
  const setZoom = (wanted) => {
    const middle = (view.scrollTop + view.clientHeight / 2) / sheet.clientHeight;
    zoom = Math.min(5, Math.max(0.2, wanted));
    sheet.style.width = width * zoom + 'px';
    view.scrollTop = middle * sheet.clientHeight - view.clientHeight / 2;
    document.getElementById('x-zoom').textContent = Math.round(zoom * 100) + ' %';
  };
  const heads = sheet.querySelector('.x-heads');
  const lay = () => {
    heads.style.marginBottom = '-' + (heads.viewBox.baseVal.height * zoom) + 'px';
  };
  let fits = true;
  const zoomTo = (wanted) => { fits = false; setZoom(wanted); lay(); };
  const fit = () => { zoomTo(fitting()); fits = true; };
  fit();
  addEventListener('resize', () => { if (fits) fit(); });

  // Selection: an arrow, a band behind it, its packet at the side.
  const band = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  band.setAttribute('class', 'selection');
  band.setAttribute('x', '4');
  band.setAttribute('width', String(width - 8));
  band.setAttribute('rx', '4');
  let selected = 0;
  const unmark = () => {
    for (const marked of document.querySelectorAll('.x-on')) marked.classList.remove('x-on');
    side.classList.remove('x-has');
    band.remove();
  };
  const bandOf = (groups) => {
    const boxes = groups.map((group) => group.getBBox());
    const top = Math.min(...boxes.map((box) => box.y)) - 10;
    const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + 10;
    return [top, bottom];
  };
  const show = (number) => {
    unmark();
    selected = number;
    const groups = arrows.get(number);
    const packet = document.getElementById('packet-' + number);
    if (packet) {
      packet.classList.add('x-on');
      side.classList.add('x-has');
    }
    if (!groups) return;
    for (const group of groups) group.classList.add('x-on');
    const [top, bottom] = bandOf(groups);
    band.setAttribute('y', String(top));
    band.setAttribute('height', String(bottom - top));
    // Above what is highlighted, below all lines.
    const rows = groups[0].parentNode;
    rows.insertBefore(band, rows.querySelector('.lane'));
    const box = band.getBoundingClientRect();
    const frame = view.getBoundingClientRect();
    const above = frame.top + heads.clientHeight;
    if (box.top < above || box.bottom > frame.bottom) {
      view.scrollTop += (box.top + box.bottom) / 2 - (above + frame.bottom) / 2;
    }
  };
  const hidden = () => { unmark(); selected = 0; };
  const fromHash = () => {
    const match = /^#packet-(\d+)$/.exec(location.hash);
    if (match) show(Number(match[1]));
    else if (!location.hash || location.hash === '#') hidden();
  };
  const select = (number) => {
    if (location.hash === '#packet-' + number) show(number);
    else location.hash = '#packet-' + number;
  };
  addEventListener('hashchange', fromHash);

  // A click takes the arrow that is nearest to it.
  const distance = (line, x, y) => {
    const [x1, y1, x2, y2] = ['x1', 'y1', 'x2', 'y2'].map((name) => line[name].baseVal.value);
    const [dx, dy] = [x2 - x1, y2 - y1];
    const length = dx * dx + dy * dy || 1;
    const part = Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / length));
    return Math.hypot(x - x1 - part * dx, y - y1 - part * dy);
  };
  const nearest = (event) => {
    const first = arrows.get(numbers[0]);
    if (!first) return 0;
    const matrix = first[0].getScreenCTM();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    let best = [15, 0];
    for (const [number, groups] of arrows) {
      for (const group of groups) {
        for (const line of group.querySelectorAll('line')) {
          const far = distance(line, at.x, at.y);
          if (far < best[0]) best = [far, number];
        }
      }
    }
    return best[1];
  };

  // Pan by pulling; what did not move was a click.
  let pull = null;
  view.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.pointerType === 'touch') return;
    pull = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop, moved: false };
  });
  addEventListener('pointermove', (event) => {
    if (!pull) return;
    const [dx, dy] = [event.clientX - pull.x, event.clientY - pull.y];
    if (Math.hypot(dx, dy) > 4) {
      pull.moved = true;
      view.classList.add('x-pulled');
    }
    if (pull.moved) view.scrollTo(pull.left - dx, pull.top - dy);
  });
  let pulled = false;
  addEventListener('pointerup', () => {
    pulled = Boolean(pull && pull.moved);
    pull = null;
    view.classList.remove('x-pulled');
  });
  view.addEventListener('click', (event) => {
    if (pulled || (event.target.closest && event.target.closest('a'))) return;
    const number = nearest(event);
    if (number) select(number);
  });
  view.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomTo(zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
  }, { passive: false });

  // Keys.
  const step = (by) => {
    const at = order.has(selected) ? order.get(selected) + by : (by > 0 ? 0 : numbers.length - 1);
    const number = numbers[Math.min(numbers.length - 1, Math.max(0, at))];
    if (number) select(number);
  };
  const noted = [...new Set([...document.querySelectorAll('.x-notes a[href^="#packet-"]')]
    .map((link) => Number(link.hash.slice(8))))].sort((a, b) => a - b);
  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    j: () => step(1),
    k: () => step(-1),
    Home: () => numbers.length && select(numbers[0]),
    End: () => numbers.length && select(numbers[numbers.length - 1]),
    n: () => { const next = noted.find((number) => number > selected) || noted[0]; if (next) select(next); },
    Escape: () => { history.replaceState(null, '', location.pathname + location.search); hidden(); },
    '+': () => zoomTo(zoom * 1.25),
    '=': () => zoomTo(zoom * 1.25),
    '-': () => zoomTo(zoom / 1.25),
    0: fit,
  };
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inSide = side.contains(event.target);
    if (inSide && /^(Arrow|Home|End)/.test(event.key)) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // Buttons.
  document.getElementById('x-in').addEventListener('click', () => zoomTo(zoom * 1.25));
  document.getElementById('x-out').addEventListener('click', () => zoomTo(zoom / 1.25));
  document.getElementById('x-fit').addEventListener('click', fit);
  const media = { auto: 'screen and (prefers-color-scheme: dark)', light: 'not all', dark: 'screen' };
  const themes = document.querySelectorAll('[data-theme-of]');
  for (const button of themes) {
    button.addEventListener('click', () => {
      for (const style of dark) style.media = media[button.dataset.themeOf];
      for (const other of themes) other.setAttribute('aria-pressed', String(other === button));
    });
  }
  fromHash();
})();
