// Hands the program what was chosen, and shows its report. Everything is put in as text.
const element = (id) => document.getElementById(id);
const compiled = WebAssembly.compile(bytes(element("program").textContent));
let chosen = new Map();

const TITLES = { proved: "Proved", refuted: "Refuted: a lie was found", unchecked: "Could not be checked" };

function bytes(base64) {
  return Uint8Array.from(atob(base64.trim()), (sign) => sign.charCodeAt(0));
}

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

// The two streams of WASI (wasi_snapshot_preview1), and no more: no file, no clock, no network.
async function run(input) {
  const module = await compiled;
  const output = [];
  let memory;
  let read = 0;
  const view = () => new DataView(memory.buffer);
  const vectors = function* (start, count) {
    for (let at = start; at < start + 8 * count; at += 8) {
      yield new Uint8Array(memory.buffer, view().getUint32(at, true), view().getUint32(at + 4, true));
    }
  };
  const counted = (at, count) => {
    view().setUint32(at, count, true);
    return 0;
  };
  const known = {
    fd_read(stream, start, count, answer) {
      let total = 0;
      for (const vector of vectors(start, count)) {
        const part = input.subarray(read, read + vector.length);
        vector.set(part);
        read += part.length;
        total += part.length;
      }
      return counted(answer, total);
    },
    fd_write(stream, start, count, answer) {
      let total = 0;
      for (const vector of vectors(start, count)) {
        if (stream === 1) output.push(vector.slice());
        total += vector.length;
      }
      return counted(answer, total);
    },
    random_get(start, length) {
      crypto.getRandomValues(new Uint8Array(memory.buffer, start, length));
      return 0;
    },
    environ_sizes_get: (count, size) => counted(count, 0) || counted(size, 0),
    args_sizes_get: (count, size) => counted(count, 0) || counted(size, 0),
    environ_get: () => 0,
    args_get: () => 0,
    proc_exit(code) {
      throw new Error(`the program ended with ${code}`);
    },
  };
  const unknown = () => 52; // ENOSYS
  const system = {};
  for (const { name } of WebAssembly.Module.imports(module)) system[name] = known[name] ?? unknown;
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: system });
  memory = instance.exports.memory;
  instance.exports._start();
  return new Blob(output).text();
}

async function verify() {
  const files = {};
  for (const [name, file] of chosen) files[name] = base64(new Uint8Array(await file.arrayBuffer()));
  const request = JSON.stringify({ trust: element("trust").value, files });
  show(JSON.parse(await run(new TextEncoder().encode(request))));
}

function show({ verdict, proved, notProved, fault }) {
  const expected = fault?.expected ? `; expected ${fault.expected}` : "";
  const found = fault?.found ? `; found ${fault.found}` : "";
  element("verdict").textContent = TITLES[verdict];
  element("fault").textContent = fault ? `${fault.place}: ${fault.what}${expected}${found}` : "";
  element("fault").hidden = !fault;
  element("lists").replaceChildren(...list("What was proved", proved), ...list("What was not proved", notProved));
  element("report").className = verdict;
  element("report").hidden = false;
  element("report").focus();
}

function list(title, sentences) {
  if (sentences.length === 0) return [];
  const heading = document.createElement("h3");
  heading.textContent = title;
  const items = sentences.map((sentence) => {
    const item = document.createElement("li");
    item.textContent = sentence;
    return item;
  });
  const whole = document.createElement("ul");
  whole.append(...items);
  return [heading, whole];
}

// A folder's files by their paths below it, others by their names.
function choose(files) {
  chosen = new Map([...files].map((file) => [file.webkitRelativePath || file.name, file]));
}

function tried(event) {
  event?.preventDefault();
  verify().catch((error) => show({
    verdict: "unchecked", proved: [], notProved: [], fault: { place: "this page", what: String(error.message) },
  }));
}

element("form").addEventListener("submit", tried);
for (const id of ["files", "folder"]) {
  element(id).addEventListener("change", (event) => {
    choose(event.target.files);
    element(id === "files" ? "folder" : "files").value = "";
    if (element("trust").value.trim()) tried();
  });
}
for (const name of ["dragover", "dragleave", "drop"]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    element("drop").classList.toggle("over", name === "dragover");
  });
}
addEventListener("drop", (event) => {
  choose(event.dataTransfer.files);
  element("files").files = event.dataTransfer.files;
  element("folder").value = "";
  if (element("trust").value.trim()) tried();
});
