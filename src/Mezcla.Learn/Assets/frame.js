// The frame of a cell's outputs. It has an origin of its own and reaches nothing: it gets HTML from the page, and tells its height.
const body = document.body;
const style = document.documentElement.dataset;
let shown = [];

// Scripts that come by innerHTML do not run; copies of them do.
function revive(element) {
  for (const old of element.querySelectorAll('script')) {
    const script = document.createElement('script');
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
}

function show(from, html) {
  for (const old of shown.splice(from)) old.remove();
  for (const text of html) {
    const element = document.createElement('div');
    element.className = 'shown';
    element.innerHTML = text;
    body.append(element);
    shown.push(element);
    revive(element);
    for (const figure of element.querySelectorAll('.mezcla-live')) offer(figure);
  }
}

// Figures of a text take the reader's own, because here an engine can draw it.
function offer(figure) {
  const field = figure.querySelector('.mezcla-field');
  const input = field.querySelector('input, textarea');
  field.hidden = false;
  field.querySelector('button').onclick = () => ask(figure);
  input.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (input.tagName === 'INPUT' || event.ctrlKey || event.metaKey)) ask(figure);
  });
}

function ask(figure) {
  figure.querySelector('button').disabled = true;
  figure.querySelector('[role=status]').textContent = 'Drawing…';
  parent.postMessage({ draw: figure.dataset.figure, text: figure.querySelector('input, textarea').value }, '*');
}

function draw(name, { html, problem }) {
  for (const figure of document.querySelectorAll('.mezcla-live')) {
    if (figure.dataset.figure !== name) continue;
    figure.querySelector('button').disabled = false;
    figure.querySelector('[role=status]').textContent = problem ?? '';
    if (problem) continue;
    const drawing = figure.querySelector('.mezcla-drawing');
    drawing.innerHTML = html;
    revive(drawing);
  }
}

addEventListener('message', event => {
  if (event.source !== parent) return;
  const message = event.data;
  if (message.theme) style.theme = message.theme;
  else if (message.theme === '') delete style.theme;
  if (message.html) show(message.from, message.html);
  if (message.drawn) draw(message.figure, message.drawn);
  measure();
});

let height = -1;
function measure() {
  const now = Math.ceil(body.getBoundingClientRect().height);
  if (now !== height) parent.postMessage({ height: height = now }, '*');
}
new ResizeObserver(measure).observe(body);

// A question counts as answered when its right answer is opened.
document.addEventListener('toggle', event => {
  if (event.target.open && event.target.closest('.mezcla-question') && event.target.querySelector('b')?.textContent.startsWith('✓'))
    parent.postMessage({ answered: true }, '*');
}, true);

// Keys of the page reach it from here too.
addEventListener('keydown', event => {
  if (event.key === 'Escape') parent.postMessage({ leave: true }, '*');
});

parent.postMessage({ ready: true }, '*');
