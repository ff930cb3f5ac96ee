import init from "./stack.js"; init();
