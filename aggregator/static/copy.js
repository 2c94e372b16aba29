// Copies an address; without script the field can still be selected by hand.
'use strict';
document.querySelectorAll('button[data-copy]').forEach(function (button) {
  var field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener('click', function () {
    field.select();
    var done = function () { button.textContent = button.dataset.done; };
    if (navigator.clipboard) { navigator.clipboard.writeText(field.value).then(done); }
    else if (document.execCommand('copy')) { done(); }
  });
});
