// The living page of a chapter: editors in place of the code, outputs in frames, and a connection to the server that runs and saves.
const cells = document.getElementById('cells');
const notices = document.getElementById('notices');
const engineText = document.querySelector('output.engine');
const savedText = document.querySelector('output.saved');
const chapter = document.body.dataset.chapter;
const keysDialog = document.getElementById('keys');
let state = document.body.dataset.state;
let joined = false;

// ---- the connection ----------------------------------------------------------------------------------------------------------------

let socket = null;
let attempts = 0;
// What a quick student asked for before the page was connected.
const early = [];
const questions = new Map();
let lastQuestion = 0;

function connect() {
  socket = new WebSocket(`ws://${location.host}/live/${chapter}`);
  socket.onmessage = event => take(JSON.parse(event.data));
  socket.onopen = () => {
    attempts = 0;
    for (const message of early.splice(0)) send(message);
  };
  socket.onclose = () => {
    for (const answer of questions.values()) answer(null);
    questions.clear();
    if (joined || attempts > 0) {
      engineText.textContent = 'The server cannot be reached. Your edits are kept here until it is back.';
      document.body.classList.add('offline');
    }
    setTimeout(connect, Math.min(300 * 2 ** attempts++, 5000));
  };
}

// Before the first connection, messages are kept until it is there.
function canSend() { return !socket || socket.readyState === WebSocket.OPEN || socket.readyState === WebSocket.CONNECTING && !joined; }

function send(message) {
  if (!canSend()) return false;
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  else early.push(message);
  return true;
}

function ask(type, what) {
  return new Promise(resolve => {
    const id = ++lastQuestion;
    if (!send({ type, id, ...what })) { resolve(null); return; }
    questions.set(id, resolve);
  });
}

// ---- cells -------------------------------------------------------------------------------------------------------------------------

const byId = new Map();

class Cell {
  constructor(element) {
    this.element = element;
    this.id = element.dataset.cell;
    this.kind = element.dataset.kind;
    this.revision = Number(element.dataset.revision);
    this.source = element.querySelector('template.source').content.textContent;
    this.sent = null;
    this.html = [];
    byId.set(this.id, this);
    element.cell = this;
    if (this.kind === 'code') {
      this.outputs = element.querySelector('.outputs');
      const button = element.querySelector('.run');
      button.onclick = () => run(this);
      button.disabled = false;
      this.take(JSON.parse(element.querySelector('template.shown').content.textContent));
    }
    near.observe(element);
  }

  // What the cell is called by a screen reader.
  get label() {
    const number = this.element.querySelector('.number')?.textContent;
    return this.kind === 'code' ? `Code${number ? `, run as ${number}` : ', not run'}` : 'Prose';
  }

  get text() { return this.editor ? this.editor.text() : this.source; }

  // The editor is made when the cell comes near the screen: a chapter has a hundred cells.
  edit() {
    if (this.editor) return this.editor;
    const input = document.createElement('div');
    input.className = 'input editing';
    this.still = this.element.querySelector('.input') ?? this.element.querySelector('.prose');
    this.still.replaceWith(input);
    this.editor = MezclaEditor.create(input, this.source, this.kind === 'code' ? 'csharp' : 'markdown', this.label, {
      change: text => this.changed(text),
      run: () => { run(this); go(this, 1, true); },
      runAndStay: () => run(this),
      runAndInsert: () => { run(this); send({ type: 'insert', cell: this.id, place: 'below', kind: 'code' }); },
      leave: () => select(this),
      focus: () => mark(this),
      blur: () => this.flush(),
      complete: (code, cursor) => ask('complete', { code, cursor }),
      inspect: (code, cursor) => ask('inspect', { code, cursor }),
    });
    return this.editor;
  }

  // Prose is drawn again when its editor is left by running it.
  close(html) {
    if (this.kind !== 'markdown') return;
    if (html !== undefined) this.prose = html;
    if (!this.editor) {
      if (html !== undefined) this.element.querySelector('.prose').innerHTML = html;
      return;
    }
    if (this.editor.hasFocus() && html !== undefined && !this.closing) return;
    this.closing = false;
    const prose = document.createElement('div');
    prose.className = 'prose';
    prose.innerHTML = this.prose ?? this.still.innerHTML;
    this.element.querySelector('.input').replaceWith(prose);
    this.editor.destroy();
    this.editor = null;
  }

  changed(text) {
    this.source = text;
    this.editor.unmark();
    dirty.add(this);
    saveText();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), 250);
  }

  // Whether something was written that is not even on its way to the server.
  get isBehind() { return dirty.has(this) && this.sent !== this.source; }

  // One edit is on its way at a time, so that the server sees them in their order.
  flush() {
    clearTimeout(this.timer);
    if (!dirty.has(this) || this.sent !== null || this.conflicting) return;
    if (send({ type: 'edit', cell: this.id, source: this.source, base: this.revision })) this.sent = this.source;
  }

  accepted(message) {
    this.revision = message.revision;
    const sent = this.sent;
    this.sent = null;
    unsaved = message.state;
    if (sent === this.source) dirty.delete(this);
    else this.flush();
    release();
    saveText();
    if (message.prose !== undefined) {
      this.prose = message.prose;
      if (this.closing && !dirty.has(this)) this.close();
    }
  }

  // Another page changed the same text. Nothing is thrown away: the student chooses.
  conflict(theirs, revision) {
    this.sent = null;
    this.conflicting = true;
    const bar = document.createElement('div');
    bar.className = 'conflict';
    bar.setAttribute('role', 'alert');
    bar.innerHTML = '<p>This cell was changed in another window too. Theirs:</p><pre></pre>'
      + '<p><button type="button">Keep mine</button> <button type="button">Take theirs</button></p>';
    bar.querySelector('pre').textContent = theirs;
    const [mine, other] = bar.querySelectorAll('button');
    const end = () => { this.conflicting = false; this.revision = revision; bar.remove(); };
    mine.onclick = () => { end(); dirty.add(this); this.flush(); };
    other.onclick = () => { end(); dirty.delete(this); this.replace(theirs); release(); saveText(); };
    this.element.querySelector('.conflict')?.remove();
    this.element.append(bar);
  }

  replace(text) {
    this.source = text;
    if (this.editor) this.editor.replace(text);
    else if (this.kind === 'code') this.element.querySelector('pre.code code').textContent = text;
  }

  // ---- outputs

  take({ from, framed, html }) {
    this.html.splice(from, Infinity, ...html);
    if (framed !== this.framed) {
      this.framed = framed;
      this.outputs.replaceChildren();
      this.frame = null;
      this.place = null;
      this.loaded = false;
      from = 0;
    }
    if (framed) this.showFramed(from);
    else this.showPlain(from);
  }

  // Text that the server has escaped stands in the page itself.
  showPlain(from) {
    while (this.outputs.children.length > from) this.outputs.lastChild.remove();
    for (const html of this.html.slice(from)) {
      const element = document.createElement('div');
      element.innerHTML = html;
      this.outputs.append(element);
    }
    if (this.isNear) this.letScroll();
  }

  // Text that scrolls can be reached with the keyboard. To ask for heights makes the browser lay out the page, so far cells wait.
  letScroll() {
    for (const pre of this.outputs.querySelectorAll('pre')) pre.tabIndex = pre.scrollHeight > pre.clientHeight ? 0 : -1;
  }

  // A frame is a page of its own, which takes time to make: until the cell comes near the screen, an empty box keeps its place.
  showFramed(from) {
    if (this.loaded) this.tell({ theme: theme(), from, html: this.html.slice(from) });
    if (this.frame) return;
    this.place ??= document.createElement('div');
    this.place.style.height = `${estimate(this.html)}px`;
    this.outputs.replaceChildren(this.place);
    if (this.isNear) this.load();
  }

  load() {
    this.frame = document.createElement('iframe');
    this.frame.setAttribute('sandbox', 'allow-scripts');
    this.frame.title = 'Output of the cell';
    this.frame.style.height = this.place.style.height;
    this.frame.src = '/frame';
    this.place.replaceWith(this.frame);
    this.place = null;
  }

  // The cell has come near the screen.
  approach() {
    this.isNear = true;
    if (this.kind === 'markdown') return;
    this.edit();
    if (this.place) this.load();
    else if (this.outputs && !this.framed) this.letScroll();
  }

  tell(message) { this.frame?.contentWindow?.postMessage(message, '*'); }

  heard(message) {
    if (message.ready) {
      this.loaded = true;
      this.tell({ theme: theme(), from: 0, html: this.html });
    } else if (typeof message.height === 'number') {
      this.frame.style.height = `${Math.min(Math.max(message.height, 0), 30000)}px`;
    } else if (message.answered) {
      send({ type: 'answered', cell: this.id });
    } else if (message.leave) {
      select(this);
    } else if (typeof message.draw === 'string') {
      this.draw(message.draw, String(message.text));
    }
  }

  // A figure of the student's own text, drawn by the engine. It is not an output of the cell and is not saved.
  async draw(figure, text) {
    const drawn = await ask('draw', { figure, text });
    this.tell({ figure, drawn: drawn ?? { problem: 'The server cannot be reached.' } });
  }
}

// About how high outputs will be, so that little moves when they are drawn.
function estimate(html) {
  let height = 0;
  for (const text of html) {
    const svg = /<svg[^>]*viewBox="[-\d.]+ [-\d.]+ [-\d.]+ ([\d.]+)"/.exec(text);
    height += svg ? Number(svg[1]) + 20 : Math.min(40 + 22 * (text.match(/<tr|<div|\n/g)?.length ?? 0), 600);
  }
  return Math.max(height, 40);
}

const dirty = new Set();

// What waits until the last edits of some cells are on their way: a cell runs as it stands, not as it stood.
const waiting = [];

function afterEdits(list, action) {
  for (const cell of list) cell.flush();
  waiting.push({ list, action });
  release();
}

function release() {
  for (const held of waiting.splice(0)) {
    if (held.list.some(cell => cell.isBehind)) waiting.push(held);
    else held.action();
  }
}

const near = new IntersectionObserver(entries => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    target.cell.approach();
  }
  begin();
}, { rootMargin: '800px 0px' });

addEventListener('message', event => {
  for (const cell of byId.values()) {
    if (cell.frame && cell.frame.contentWindow === event.source) {
      cell.heard(event.data ?? {});
      return;
    }
  }
});

function theme() { return document.documentElement.dataset.theme ?? ''; }

new MutationObserver(() => {
  for (const cell of byId.values()) if (cell.loaded) cell.tell({ theme: theme() });
}).observe(document.documentElement, { attributeFilter: ['data-theme'] });

// ---- what is selected --------------------------------------------------------------------------------------------------------------

let current = null;

function mark(cell) {
  current?.element.classList.remove('current');
  current = cell;
  cell.element.classList.add('current');
}

// Leaves writing: the keys of commands work on this cell.
function select(cell) {
  mark(cell);
  cell.element.focus({ preventScroll: true });
  cell.element.scrollIntoView({ block: 'nearest' });
}

function write(cell) {
  mark(cell);
  const folded = cell.element.querySelector('details.hidden');
  if (folded) folded.open = true;
  cell.edit().focus();
}

function all() { return [...cells.querySelectorAll(':scope > [data-cell]')].map(element => element.cell); }

function go(cell, step, afterRun = false) {
  const list = all();
  const at = list.indexOf(cell) + step;
  if (at < 0) return;
  if (at < list.length) select(list[at]);
  else if (afterRun) send({ type: 'insert', cell: cell.id, place: 'below', kind: 'code' });
}

function run(cell) {
  mark(cell);
  cell.flush();
  if (cell.kind === 'markdown') {
    cell.closing = true;
    if (!dirty.has(cell)) cell.close();
    return;
  }
  if (cell.kind !== 'code') return;
  cell.element.classList.remove('failed-cell');
  cell.editor?.unmark();
  if (canSend()) afterEdits([cell], () => send({ type: 'run', cell: cell.id }));
  else note('The server cannot be reached: the cell was not run.');
}

// ---- commands ----------------------------------------------------------------------------------------------------------------------

const commands = {
  'run-all': () => {
    if (canSend()) afterEdits([...dirty], () => send({ type: 'run-all' }));
    else note('The server cannot be reached: nothing was run.');
  },
  interrupt: () => send({ type: 'interrupt' }),
  restart: () => send({ type: 'restart' }),
  insert: () => send({ type: 'insert', cell: current?.id, place: 'below', kind: 'code' }),
  keys: () => keysDialog.showModal(),
  close: () => keysDialog.close(),
  'reset-all': () => {
    if (confirm('Bring back the whole chapter as the course has it? Your version is kept as a file beside it.')) send({ type: 'reset-all' });
    keysDialog.close();
  },
};

document.addEventListener('click', event => {
  const command = event.target.closest?.('[data-do]')?.dataset.do;
  if (command) commands[command]();
});

document.addEventListener('dblclick', event => {
  const cell = event.target.closest?.('.cell.markdown')?.cell;
  if (cell && !cell.editor) write(cell);
});

cells.addEventListener('focusin', event => {
  const cell = event.target.closest('[data-cell]')?.cell;
  if (cell && cell !== current) mark(cell);
});

let before = '';
document.addEventListener('keydown', event => {
  if (!current || keysDialog.open || event.target.closest('.editing, input, textarea, button, a, summary, .bar')) return;
  if (event.key === 'Enter') {
    event.preventDefault();
    if (event.shiftKey) { run(current); go(current, 1, true); } else if (event.ctrlKey || event.metaKey) run(current);
    else if (event.altKey) { run(current); send({ type: 'insert', cell: current.id, place: 'below', kind: 'code' }); } else write(current);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const twice = before === event.key;
  before = twice ? '' : event.key;
  const id = current.id;
  const keys = {
    a: () => send({ type: 'insert', cell: id, place: 'above', kind: 'code' }),
    b: () => send({ type: 'insert', cell: id, place: 'below', kind: 'code' }),
    d: () => twice && send({ type: 'delete', cell: id }),
    r: () => twice && send({ type: 'reset', cell: id }),
    i: () => twice && commands.interrupt(),
    0: () => twice && commands.restart(),
    z: () => send({ type: 'restore' }),
    m: () => send({ type: 'kind', cell: id, kind: 'markdown' }),
    y: () => send({ type: 'kind', cell: id, kind: 'code' }),
    h: () => commands.keys(),
    j: () => go(current, 1), k: () => go(current, -1), ArrowDown: () => go(current, 1), ArrowUp: () => go(current, -1),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

// ---- what the server says ----------------------------------------------------------------------------------------------------------

function note(text) {
  const line = document.createElement('p');
  line.textContent = text;
  const close = document.createElement('button');
  close.type = 'button';
  close.textContent = '✕';
  close.setAttribute('aria-label', 'Close this message');
  close.onclick = () => line.remove();
  line.append(' ', close);
  notices.append(line);
}

// The state in which the server has taken the last edit, until it says that it has written as much.
let unsaved = null;

function isSaved(by) {
  const [session, count] = by.split(':');
  const [taken, wanted] = unsaved.split(':');
  return session !== taken || Number(count) >= Number(wanted);
}

function saveText(why) {
  savedText.textContent = why ? `Not saved: ${why}` : dirty.size > 0 || unsaved ? 'Saving…' : 'Saved';
  savedText.classList.toggle('bad', !!why);
  savedText.classList.toggle('quiet', savedText.textContent === 'Saved');
}

const engines = { none: 'Ready when you run a cell', starting: 'Starting…', idle: 'Ready', busy: 'Running…' };

const says = {
  state: message => {
    // Nothing changed since the page was made, or this page was told of it; else the page is made anew, but never before its edits arrived.
    if (message.state !== state && dirty.size > 0) {
      for (const cell of dirty) { cell.sent = null; cell.flush(); }
      stale = true;
    } else if (message.state !== state) {
      location.reload();
    }
    joined = true;
    document.body.classList.remove('offline');
  },
  status: message => {
    engineText.textContent = engines[message.engine] ?? message.engine;
    document.body.dataset.engine = message.engine;
    for (const cell of byId.values()) {
      cell.element.classList.toggle('running', cell.id === message.running);
      cell.element.classList.toggle('queued', message.queued.includes(cell.id));
    }
  },
  accepted: message => byId.get(message.cell)?.accepted(message),
  edited: message => {
    const cell = byId.get(message.cell);
    if (!cell) return;
    if (dirty.has(cell) && cell.source !== message.source) { cell.conflict(message.source, message.revision); return; }
    cell.revision = message.revision;
    cell.replace(message.source);
    if (message.prose !== undefined) cell.close(message.prose);
  },
  conflict: message => byId.get(message.cell)?.conflict(message.source, message.revision),
  saved: message => {
    if (unsaved && isSaved(message.state)) unsaved = null;
    saveText();
    if (message.other) note(message.other);
    if (stale && dirty.size === 0 && !unsaved) location.reload();
  },
  unsaved: message => saveText(message.why),
  outputs: message => byId.get(message.cell)?.take(message),
  ran: message => {
    const cell = byId.get(message.cell);
    if (!cell) return;
    cell.element.querySelector('.number').textContent = message.number;
    cell.element.classList.toggle('failed-cell', !!message.error);
    cell.element.querySelector('.ask')?.remove();
    if (message.error?.line) cell.edit().mark(message.error.line, message.error.column ?? 1, message.error.message);
  },
  inserted: message => {
    const holder = document.createElement('template');
    holder.innerHTML = message.html;
    const element = holder.content.firstElementChild;
    const after = message.after && byId.get(message.after)?.element;
    if (after) after.after(element);
    else cells.querySelector('.around').after(element);
    const cell = new Cell(element);
    if (message.focus) write(cell);
  },
  deleted: message => {
    const cell = byId.get(message.cell);
    if (!cell) return;
    if (cell === current) {
      const list = all();
      const next = list[list.indexOf(cell) + 1] ?? list[list.indexOf(cell) - 1];
      if (next) select(next); else current = null;
    }
    byId.delete(message.cell);
    dirty.delete(cell);
    release();
    cell.element.remove();
  },
  gone: message => note(`The cell ${message.cell} is not there any more: it was deleted in another window.`),
  ask: message => {
    const cell = byId.get(message.cell);
    if (!cell) return;
    const form = document.createElement('form');
    form.className = 'ask';
    form.innerHTML = '<label><span></span> <input autocomplete="off"></label> <button type="submit">Enter</button>';
    form.querySelector('span').textContent = message.prompt || 'The cell asks for a line:';
    const input = form.querySelector('input');
    if (message.password) input.type = 'password';
    form.onsubmit = event => {
      event.preventDefault();
      if (send({ type: 'input', text: input.value })) form.remove();
    };
    cell.element.querySelector('.ask')?.remove();
    cell.outputs.after(form);
    input.focus();
  },
  answer: message => {
    questions.get(message.id)?.(message.found ?? null);
    questions.delete(message.id);
  },
  told: message => note(message.text),
  died: message => { forget(); note(`The engine has ended: ${message.why} Run a cell to start another; its variables are gone.`); },
  stopped: message => { forget(); note(message.why); },
  restarted: () => forget(),
  reload: message => {
    if (message.why) sessionStorage.setItem('notice', message.why);
    location.reload();
  },
};

let stale = false;

// Numbers of runs in an engine that is gone mean nothing.
function forget() {
  for (const number of document.querySelectorAll('.cell .number')) number.textContent = '';
  for (const form of document.querySelectorAll('.ask')) form.remove();
}

function take(message) {
  says[message.type]?.(message);
  if (message.state && message.type !== 'state') state = message.state;
}

addEventListener('beforeunload', event => {
  for (const cell of dirty) cell.flush();
  if (dirty.size > 0 && document.body.classList.contains('offline')) event.preventDefault();
});

// The server sends buttons that cannot be pressed, so that no press is lost while this script is still on its way.
for (const element of cells.querySelectorAll(':scope > [data-cell]')) new Cell(element);
for (const button of document.querySelectorAll('.bar [data-do]')) button.disabled = false;
const kept = sessionStorage.getItem('notice');
if (kept) {
  note(kept);
  sessionStorage.removeItem('notice');
}
saveText();

// With the connection an engine starts, which takes much of a small machine: what is on the screen is made first. A page in the
// background is not drawn, and connects after a while.
function begin() {
  if (!socket) connect();
}
setTimeout(begin, 500);
