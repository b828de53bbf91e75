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
  }
}

addEventListener('message', event => {
  if (event.source !== parent) return;
  const message = event.data;
  if (message.theme) style.theme = message.theme;
  else delete style.theme;
  if (message.html) show(message.from, message.html);
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
