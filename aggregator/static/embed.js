// Tells the page around how high this one is: one number, when it has changed.
(function () {
  'use strict';
  var told = 0;
  function tell() {
    var height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height !== told && window.parent !== window) {
      told = height;
      window.parent.postMessage({ 'feed-embed': height }, '*');
    }
  }
  if (window.ResizeObserver) { new ResizeObserver(tell).observe(document.body); }
  window.addEventListener('load', tell);
}());
