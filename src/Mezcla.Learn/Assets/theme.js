// Before the page is drawn, so that it never flashes in the wrong theme.
try {
  const theme = localStorage.getItem('theme');
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden.
}
