import init from "./document.js"; init();
