// Renews a list by itself while somebody looks: every so many seconds the page is asked
// for again, and what stands in the part marked data-live is put in its place. Without
// script the page is the same, as old as its last loading.
'use strict';
(function () {
  var part = document.querySelector('[data-live]');
  if (!part || !window.fetch || !window.DOMParser) { return; }
  var known = null;

  function put(text) {
    var fresh = new DOMParser().parseFromString(text, 'text/html').querySelector('[data-live]');
    if (!fresh || fresh.textContent === part.textContent) { return; }
    // Whoever stands on a link of the list with the keyboard is not moved away.
    if (part.contains(document.activeElement)) { return; }
    part.replaceChildren.apply(part, fresh.childNodes);
  }

  function ask() {
    if (document.hidden) { return; }
    fetch(location.href, { cache: 'no-cache' }).then(function (answer) {
      var tag = answer.headers.get('ETag');
      if (!answer.ok || (tag && tag === known)) { return null; }
      known = tag;
      return answer.text().then(put);
    }).catch(function () { /* the network is away; the list stays as it is */ });
  }

  setInterval(ask, 1000 * part.dataset.live);
  document.addEventListener('visibilitychange', ask);
})();
