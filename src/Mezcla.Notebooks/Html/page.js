// Runs at the end of every page.
const root = document.documentElement;

document.querySelector('button.theme').onclick = () => {
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const theme = dark ? 'light' : 'dark';
  root.dataset.theme = theme;
  try {
    localStorage.setItem('theme', theme);
  } catch {
    // Storage may be forbidden, as in a file opened from disk. The choice then holds until the page is left.
  }
};

// Paper is always light.
let shown;
addEventListener('beforeprint', () => {
  shown = root.dataset.theme;
  root.dataset.theme = 'light';
});
addEventListener('afterprint', () => {
  if (shown) root.dataset.theme = shown;
  else delete root.dataset.theme;
});

if (navigator.clipboard) {
  document.querySelectorAll('pre.code').forEach(code => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.onclick = () => navigator.clipboard.writeText(code.textContent).then(() => {
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1200);
    });
    code.parentNode.insertBefore(button, code.nextSibling);
    code.parentNode.style.position = 'relative';
  });
}

// A browser without a mathematical font leaves out the sign of a root, which would make another formula of it.
// Where that happened, the sign is put there by hand.
document.querySelectorAll('msqrt').forEach(sqrt => {
  const inside = sqrt.firstElementChild;
  if (!inside || sqrt.getBoundingClientRect().width > inside.getBoundingClientRect().width + 2) return;
  const row = document.createElementNS(sqrt.namespaceURI, 'mrow');
  const sign = document.createElementNS(sqrt.namespaceURI, 'mo');
  sign.textContent = '√';
  sign.setAttribute('lspace', '0');
  sign.setAttribute('rspace', '0');
  inside.style.borderTop = '.06em solid';
  sqrt.replaceWith(row);
  row.append(sign, inside);
});

// On a small screen the table of contents starts closed.
if (matchMedia('(max-width: 1100px)').matches) {
  document.querySelectorAll('.contents details').forEach(details => { details.open = false; });
}

// What can be scrolled sideways can be reached with the keyboard.
document.querySelectorAll('.rich,.rich *,pre,.math,.prose table').forEach(element => {
  const wide = element.scrollWidth > element.clientWidth + 1;
  if (wide && /auto|scroll/.test(getComputedStyle(element).overflowX) && !element.closest('svg')) element.tabIndex = 0;
});
