// Draws what libraries of scripts draw. It may run more than once in a page.
window.mezclaDraw ??= (() => {
  const libraries = {};

  const unpack = async packed => {
    const bytes = Uint8Array.from(atob(packed), letter => letter.charCodeAt(0));
    const file = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    const text = await new Response(file).text();
    // Where there is a loader of modules, such as require.js, the library would hide itself in it.
    const define = window.define;
    window.define = undefined;
    const script = document.createElement('script');
    script.textContent = text;
    document.head.append(script);
    script.remove();
    window.define = define;
  };

  // A figure that is wider than its place, as on a phone, is fitted to it, with its legend below and narrow margins.
  const fitted = (layout, width) => {
    if (!(layout?.width > width)) return layout;
    const title = layout.title?.text ?? layout.title;
    return {
      ...layout,
      width: undefined,
      margin: { l: 48, r: 12, t: title ? 60 : 24, b: 48, ...layout.margin },
      legend: { orientation: 'h', ...layout.legend },
    };
  };

  const drawers = {
    'application/vnd.plotly.v1+json': {
      isThere: () => window.Plotly,
      draw: (place, text) => {
        const figure = JSON.parse(text);
        return window.Plotly.newPlot(place, figure.data, fitted(figure.layout, place.clientWidth), { responsive: true, ...figure.config });
      },
    },
    'text/vnd.mermaid': {
      isThere: () => window.mermaid,
      draw: async (place, text, number) => {
        window.mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' });
        place.style.cssText = 'background:#fff;color:#000;padding:12px;border-radius:8px;width:fit-content;max-width:100%;box-sizing:border-box';
        place.innerHTML = (await window.mermaid.render(`mezcla-diagram-${number}`, text)).svg;
      },
    },
  };

  let drawn = 0;
  const drawOne = async place => {
    const { mime } = place.dataset;
    await libraries[mime];
    const drawer = drawers[mime];
    if (!drawer?.isThere() || place.dataset.state) return;
    place.dataset.state = 'drawing';
    const source = document.createElement('textarea');
    source.innerHTML = place.querySelector('script').textContent;
    const picture = document.createElement('div');
    place.append(picture);
    try {
      await drawer.draw(picture, source.value, ++drawn);
      place.querySelector('.words').hidden = true;
      place.dataset.state = 'drawn';
    } catch (error) {
      // The words stay.
      console.error(error);
      picture.remove();
      place.dataset.state = 'failed';
    }
  };

  return {
    provide: (mime, packed) => { libraries[mime] ??= unpack(packed); },
    all: async () => {
      for (const place of document.querySelectorAll('.mezcla-drawn')) await drawOne(place);
    },
  };
})();
