// A small WASI (preview 1) for Rust's test harness: arguments, standard streams, a clock, randomness, exit.
// Everything else answers ENOSYS. Called with (wasm as base64, arguments, stdin as base64, done).
const [wasm64, args, stdin64, done] = arguments;
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const encoder = new TextEncoder();
const ENOSYS = 52, EBADF = 8, OK = 0;
class Exit extends Error { constructor(code) { super(`exit ${code}`); this.code = code; } }

const out = [];            // [stream, Uint8Array]
let stdin = bytes(stdin64);
let memory;                // set once the module is there
const view = () => new DataView(memory.buffer);
const slices = function* (iovs, count) {
  for (let i = 0; i < count; i++) {
    const at = view().getUint32(iovs + 8 * i, true), length = view().getUint32(iovs + 8 * i + 4, true);
    yield new Uint8Array(memory.buffer, at, length);
  }
};
const strings = args.map((arg) => encoder.encode(arg + "\0"));

const wasi = {
  args_sizes_get(count, size) {
    view().setUint32(count, strings.length, true);
    view().setUint32(size, strings.reduce((sum, s) => sum + s.length, 0), true);
    return OK;
  },
  args_get(pointers, buffer) {
    for (const string of strings) {
      view().setUint32(pointers, buffer, true);
      new Uint8Array(memory.buffer, buffer, string.length).set(string);
      pointers += 4;
      buffer += string.length;
    }
    return OK;
  },
  environ_sizes_get(count, size) {
    view().setUint32(count, 0, true);
    view().setUint32(size, 0, true);
    return OK;
  },
  environ_get() { return OK; },
  clock_time_get(id, precision, result) {
    const ms = id === 0 ? Date.now() : performance.now();
    view().setBigUint64(result, BigInt(Math.round(ms * 1e6)), true);
    return OK;
  },
  random_get(at, length) {
    for (let done = 0; done < length; done += 65536) {
      crypto.getRandomValues(new Uint8Array(memory.buffer, at + done, Math.min(65536, length - done)));
    }
    return OK;
  },
  fd_write(fd, iovs, count, written) {
    if (fd !== 1 && fd !== 2) return EBADF;
    let total = 0;
    for (const slice of slices(iovs, count)) {
      out.push([fd, slice.slice()]);
      total += slice.length;
    }
    view().setUint32(written, total, true);
    return OK;
  },
  fd_read(fd, iovs, count, read) {
    if (fd !== 0) return EBADF;
    let total = 0;
    for (const slice of slices(iovs, count)) {
      const part = stdin.subarray(0, slice.length);
      slice.set(part);
      stdin = stdin.subarray(part.length);
      total += part.length;
    }
    view().setUint32(read, total, true);
    return OK;
  },
  fd_prestat_get() { return EBADF; },
  sched_yield() { return OK; },
  proc_exit(code) { throw new Exit(code); },
};

const text = (stream) => {
  const parts = out.filter(([fd]) => fd === stream).map(([, part]) => part);
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  let binary = "";
  for (let i = 0; i < all.length; i += 32768) {
    binary += String.fromCharCode(...all.subarray(i, i + 32768));
  }
  return btoa(binary);
};

(async () => {
  let code = 0, trap = "";
  try {
    const module = await WebAssembly.compile(bytes(wasm64));
    const imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {};
      imports[from][name] = (from === "wasi_snapshot_preview1" && wasi[name]) || (() => ENOSYS);
    }
    const instance = await WebAssembly.instantiate(module, imports);
    memory = instance.exports.memory;
    instance.exports._start();
  } catch (error) {
    if (error instanceof Exit) {
      code = error.code;
    } else {
      code = 134;
      trap = `${error.stack ?? error}`;
    }
  }
  done({ code, trap, stdout: text(1), stderr: text(2) });
})();
