// Renews a list by itself while somebody looks: every so many seconds the page is asked
// for again, and what stands in the parts marked data-live is put in its place. Without
// script the page is the same, as old as its last loading.
'use strict';
(function () {
  var parts = document.querySelectorAll('[data-live]');
  var stale = document.querySelector('[data-stale]');
  if (!parts.length || !window.fetch || !window.DOMParser) { return; }
  var known = null;

  function put(text) {
    var page = new DOMParser().parseFromString(text, 'text/html');
    var fresh = page.querySelectorAll('[data-live]');
    if (fresh.length !== parts.length) { return; }
    parts.forEach(function (part, n) { renew(part, fresh[n]); });
  }

  function renew(part, fresh) {
    if (fresh.textContent === part.textContent) { return; }
    // Whoever stands on a link of the list with the keyboard is not moved away.
    if (part.contains(document.activeElement)) { return; }
    var open = {};
    part.querySelectorAll('details[data-keep]').forEach(function (one) {
      open[one.dataset.keep] = one.open;
    });
    fresh.querySelectorAll('details[data-keep]').forEach(function (one) {
      if (one.dataset.keep in open) { one.open = open[one.dataset.keep]; }
    });
    part.replaceChildren.apply(part, fresh.childNodes);
  }

  // Where the page has words for it, it says that it could not be renewed.
  function say(old) {
    if (stale && stale.hidden === old) { stale.hidden = !old; }
  }

  function ask() {
    if (document.hidden) { return; }
    fetch(location.href, { cache: 'no-cache' }).then(function (answer) {
      var tag = answer.headers.get('ETag');
      say(!answer.ok);
      if (!answer.ok || (tag && tag === known)) { return null; }
      known = tag;
      return answer.text().then(put);
    }).catch(function () { say(true); /* the network is away; the list stays */ });
  }

  setInterval(ask, 1000 * parts[0].dataset.live);
  document.addEventListener('visibilitychange', ask);
})();
