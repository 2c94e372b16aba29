/* feed-widget v1: shows a selection of notices on any page.
 *
 *   <script async src="https://…/widget/v1.js"></script>
 *   <feed-widget audience="quan-1" level="thcs" category="thong-bao" limit="5">fallback</feed-widget>
 *   <div class="feed-widget" data-audience="quan-1" …>fallback</div>
 *
 * Attributes: audience level category limit heading heading-level unit lang live theme height
 * server; each also as data-…. Text only by textContent, no markup from strings, no inline
 * style, no storage, no cookies, no globals. Index loops and names kept early, since the
 * page may have replaced or extended what it likes.
 */
(function () {
  'use strict';
  var win = window, doc = document, elements = win.customElements, NAME = 'feed-widget';
  if (!elements || !Element.prototype.attachShadow || elements.get(NAME)) { return; }

  var CSS = '/* v1.css */', WORDS = '/* words.json */';
  var later = win.setTimeout, never = win.clearTimeout, now = Date.now, parse = JSON.parse;
  var Xhr = win.XMLHttpRequest, Near = win.IntersectionObserver, Sizes = win.ResizeObserver, Abort = win.AbortController;
  var code = Function.prototype.toString;
  // A fetch that the page has put in place of the browser's own is not trusted to answer.
  var get = win.fetch && /\[native code\]/.test(code.call(win.fetch)) ? win.fetch : null;
  var MINUTE = 60000, DAY = 1440 * MINUTE;
  var SERVER = find_server();
  var feeds = [], widgets = [], known = new WeakMap(), sheet;

  function find_server() {
    var at = doc.currentScript && doc.currentScript.src, all = doc.scripts, i, found;
    found = /^(https?:.*\/)widget\/v1[^\/]*$/.exec(at || '');
    for (i = 0; !found && i < all.length; i++) { found = /^(https?:.*\/)widget\/v1\.js/.exec(all[i].src); }
    return found ? found[1] : '';
  }

  function add(list, value) { list[list.length] = value; }

  function has(list, value) {
    for (var i = 0; i < list.length; i++) { if (list[i] === value) { return true; } }
    return false;
  }

  function remove(list, value) {
    for (var i = 0, kept = 0; i < list.length; i++) { if (list[i] !== value) { list[kept++] = list[i]; } }
    list.length = kept;
  }

  // --- Asking ---------------------------------------------------------------

  // Ask once, for at most so long: done(text or null, when it was true, status if refused).
  function ask(url, mode, patience, done) {
    var over = false, stop = null, timer = later(function () { end(null); }, patience);
    function end(text, when, status) {
      if (over) { return; }
      over = true;
      never(timer);
      if (text === null && stop) { stop(); }
      done(text, Date.parse(when || '') || now(), status || 0);
    }
    function fail() { end(null); }
    if (!get) { stop = by_xhr(url, end); return; }
    try {
      var control = Abort ? new Abort() : null;
      if (control) { stop = function () { control.abort(); }; }
      get(url, { cache: mode, credentials: 'omit', signal: control ? control.signal : undefined }).then(function (answer) {
        if (!answer.ok) { end(null, '', answer.status); return; }
        answer.text().then(function (text) { end(text, answer.headers.get('Date')); }, fail);
      }, fail);
    } catch (error) { fail(); }
  }

  function by_xhr(url, end) {
    var asked = new Xhr();
    asked.open('GET', url, true);
    asked.onload = function () { end(asked.status === 200 ? asked.responseText : null, asked.getResponseHeader('Date')); };
    asked.onerror = asked.onabort = function () { end(null); };
    asked.send(null);
    return function () { asked.abort(); };
  }

  // --- Feeds: one for all widgets of the same address -----------------------

  function feed_of(url) {
    for (var i = 0; i < feeds.length; i++) { if (feeds[i].url === url) { return feeds[i]; } }
    var feed = { url: url, readers: [], text: '', data: null, at: 0, asked: 0, fails: 0, busy: false, timer: 0 };
    add(feeds, feed);
    return feed;
  }

  function wait_of(feed) {
    // One quiet second try; after that ever more rarely, up to an hour.
    if (feed.fails) { return feed.fails === 1 ? MINUTE / 2 : Math.min(5 * MINUTE * Math.pow(2, feed.fails - 2), 60 * MINUTE); }
    for (var i = 0; i < feed.readers.length; i++) { if (feed.readers[i].is.live) { return MINUTE; } }
    return 5 * MINUTE;
  }

  function arm(feed) {
    never(feed.timer);
    if (!feed.readers.length || feed.busy || doc.visibilityState === 'hidden') { return; }
    if (!feed.asked) { load(feed, 'default'); return; }
    feed.timer = later(function () {
      if (doc.visibilityState !== 'hidden') { load(feed, 'no-cache'); }
    }, Math.max(0, feed.asked + wait_of(feed) - now()));
  }

  function arm_all() { for (var i = 0; i < feeds.length; i++) { arm(feeds[i]); } }

  function load(feed, mode) {
    if (feed.busy) { return; }
    feed.busy = true;
    feed.asked = now();
    ask(feed.url, mode, 10000, function (text, when, status) {
      if (take(feed, text, when)) { settle(feed, 0); return; }
      if (feed.data || !get || (status >= 400 && status < 500)) { settle(feed, feed.fails + 1); return; }
      // The last good answer may still lie in the browser's own cache.
      ask(feed.url, 'force-cache', 3000, function (old, then) {
        take(feed, old, then);
        settle(feed, feed.fails + 1);
      });
    });
  }

  function take(feed, text, when) {
    var data = null;
    try { data = text ? parse(text) : null; } catch (error) { data = null; }
    if (!data || data.v !== 1 || !data.items || typeof data.items.length !== 'number') { return false; }
    feed.text = text;
    feed.data = data;
    feed.at = when;
    return true;
  }

  function settle(feed, fails) {
    feed.busy = false;
    feed.fails = fails;
    for (var i = 0; i < feed.readers.length; i++) { show(feed.readers[i]); }
    arm(feed);
  }

  // --- Words ----------------------------------------------------------------

  function fill(text, one, two) {
    var parts = text.split('{}');
    return parts[0] + (parts.length > 1 ? one + parts[1] : '') + (parts.length > 2 ? two + parts[2] : '');
  }

  // Dates stand in the feed's own zone, so their digits are taken as they are written.
  function day_of(words, date) {
    var year = date.slice(0, 4), month = date.slice(5, 7), day = date.slice(8, 10);
    if (!words.months) { return day + '/' + month + '/' + year; }
    return Number(day) + ' ' + words.months.substr(3 * month - 3, 3) + ' ' + year;
  }

  function time_of(date) { var time = date.slice(11, 16); return time === '00:00' ? '' : time; }

  function moment_of(words, date, end) {
    var from = time_of(date), until = end ? time_of(end) : '';
    if (end && end.slice(0, 10) !== date.slice(0, 10)) { return moment_of(words, date) + ' – ' + moment_of(words, end); }
    if (!from) { return day_of(words, date); }
    return fill(words.on, from + (until ? '–' + until : ''), day_of(words, date));
  }

  function two(number) { return (number < 10 ? '0' : '') + number; }

  // Write a moment of this machine's clock in the zone that a date of the feed stands in.
  function written(time, example) {
    var zone = /([+-])(\d\d):(\d\d)$/.exec(example || '+07:00') || ['', '+', '00', '00'];
    var there = new Date(time + (zone[1] + '1') * (zone[2] * 60 + Number(zone[3])) * MINUTE);
    return there.getUTCFullYear() + '-' + two(there.getUTCMonth() + 1) + '-' + two(there.getUTCDate()) +
      'T' + two(there.getUTCHours()) + ':' + two(there.getUTCMinutes());
  }

  // --- Building -------------------------------------------------------------

  function make(parent, tag, name, text) {
    var made = doc.createElement(tag);
    if (name) {
      made.className = name;
      made.setAttribute('part', name);
    }
    if (text !== undefined) { made.textContent = text; }
    parent.appendChild(made);
    return made;
  }

  function link(parent, name, text, url) {
    if (typeof url !== 'string' || !/^https?:\/\//i.test(url)) { return make(parent, 'span', name, text); }
    var made = make(parent, 'a', name, text);
    made.href = url;
    made.rel = 'noopener';
    return made;
  }

  function clip(parent) {
    var space = 'http://www.w3.org/2000/svg', svg = doc.createElementNS(space, 'svg'), path = doc.createElementNS(space, 'path');
    svg.setAttribute('viewBox', '0 0 16 16');
    svg.setAttribute('aria-hidden', 'true');
    path.setAttribute('d', 'M13 7 7.5 12.5a3 3 0 0 1-4.3-4.3L9 2.4a2 2 0 0 1 2.9 2.9L6.3 10.9a1 1 0 0 1-1.4-1.4L10 4.4');
    path.setAttribute('fill', 'none');
    path.setAttribute('stroke', 'currentColor');
    path.setAttribute('stroke-width', '1.4');
    svg.appendChild(path);
    parent.insertBefore(svg, parent.firstChild);
  }

  function dress(shadow, server) {
    try {
      if (!sheet) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(CSS);
      }
      shadow.adoptedStyleSheets = [sheet];
    } catch (error) {
      var styles = doc.createElement('link');
      styles.rel = 'stylesheet';
      styles.href = server + 'widget/v1.css';
      shadow.appendChild(styles);
    }
  }

  function clear(node) { while (node.firstChild) { node.removeChild(node.firstChild); } }

  // --- One widget -----------------------------------------------------------

  function said(host, name) {
    var value = host.getAttribute('data-' + name);
    return value === null ? host.getAttribute(name) : value;
  }

  function chosen(host, name, pattern, usual) {
    var value = said(host, name);
    if (value === null || value === '') { return usual; }
    if (pattern.test(value)) { return value; }
    if (win.console && console.warn) { console.warn(NAME + ': ' + name + '="' + value + '" is not understood; see ' + SERVER + 'feeds/'); }
    return usual;
  }

  function settings_of(host) {
    var lang = /^en/i.test(said(host, 'lang') || '') ? 'en' : 'vi', names = /^[a-z0-9_,-]+$/;
    var is = {
      words: WORDS[lang], lang: lang,
      dir: host.getAttribute('dir') || 'ltr',
      server: (chosen(host, 'server', /^https?:\/\//i, SERVER)).replace(/\/*$/, '/'),
      level: chosen(host, 'level', names, 'all'),
      limit: Math.max(1, Math.min(50, Number(chosen(host, 'limit', /^\d{1,4}$/, 10)))),
      heading: said(host, 'heading'),
      rank: chosen(host, 'heading-level', /^[1-6]$/, '2'),
      theme: chosen(host, 'theme', /^(inherit|light|dark|auto)$/, 'inherit'),
      height: Number(chosen(host, 'height', /^\d{2,4}$/, 0)),
      live: said(host, 'live') !== null && said(host, 'live') !== 'false'
    };
    var audience = chosen(host, 'audience', /^[a-z0-9-]{1,63}$/, ''), unit = chosen(host, 'unit', /^[a-z0-9-]{1,32}$/, '');
    is.single = is.level !== 'all' && is.level.indexOf(',') < 0;
    is.url = audience && is.server.length > 1 ? is.server + 'widget/v1/' + audience + '/' + is.level + '/' +
      chosen(host, 'category', names, 'all') + '.json?limit=' + is.limit + (unit ? '&u=' + unit : '') : '';
    is.key = is.url + '\n' + lang + '\n' + is.dir + '\n' + is.heading + '\n' + is.rank + '\n' + is.theme + '\n' + is.height + '\n' + is.live;
    return is;
  }

  function attach(host) {
    var widget = known.get(host);
    if (!widget) {
      widget = { host: host, is: null, feed: null, shown: '', label: '', ids: null, root: null };
      widget.room = host.getBoundingClientRect().height;
      try { widget.shadow = host.attachShadow({ mode: 'open' }); } catch (error) { return; }
      known.set(host, widget);
    } else if (widget.on) { return; }
    widget.on = true;
    add(widgets, widget);
    start(widget);
    watcher.observe(host, { attributes: true });
    if (sizes) { sizes.observe(host); }
    if (sight) { sight.observe(host); }
    if (near) { near.observe(host); } else { subscribe(widget); }
  }

  function start(widget) {
    widget.is = settings_of(widget.host);
    widget.shown = '';
    widget.ids = null;
    clear(widget.shadow);
    dress(widget.shadow, widget.is.server);
    widget.root = make(widget.shadow, 'section', 'root');
    widget.root.lang = widget.is.lang;
    widget.root.dir = widget.is.dir;
    widget.root.className = 'root ' + widget.is.theme + (widget.is.height ? ' fixed' : '');
    fit(widget);
    reserve(widget);
    if (widget.is.url) { paint_waiting(widget); } else { paint_fallback(widget); }
  }

  function stop(widget) {
    widget.on = false;
    remove(widgets, widget);
    if (near) { near.unobserve(widget.host); }
    if (sight) { sight.unobserve(widget.host); }
    if (sizes) { sizes.unobserve(widget.host); }
    unsubscribe(widget);
  }

  function subscribe(widget) {
    if (widget.feed || !widget.is.url) { return; }
    widget.feed = feed_of(widget.is.url);
    add(widget.feed.readers, widget);
    if (widget.feed.data || widget.feed.fails) { show(widget); }
    arm(widget.feed);
  }

  function unsubscribe(widget) {
    if (!widget.feed) { return; }
    remove(widget.feed.readers, widget);
    arm(widget.feed);
    widget.feed = null;
  }

  function changed(widget) {
    if (!widget.on || settings_of(widget.host).key === widget.is.key) { return; }
    unsubscribe(widget);
    start(widget);
    if (near) {
      near.unobserve(widget.host);
      near.observe(widget.host);
    } else { subscribe(widget); }
  }

  // The narrower the column, the more lines a title may take; room is kept for the usual.
  function fit(widget) {
    var em = parseFloat(win.getComputedStyle(widget.host).fontSize) || 16, wide = (widget.host.clientWidth || 20 * em) / em;
    widget.lines = wide < 17 ? 4 : wide < 34 ? 3 : 2;
    widget.em = em;
    widget.root.style.setProperty('--lines', widget.lines === 4 ? 6 : widget.lines + 1);
  }

  function reserve(widget) {
    var is = widget.is, style = widget.root.style;
    if (is.height) {
      style.blockSize = is.height + 'px';
      return;
    }
    var ems = is.limit * (widget.lines * 2.7 - 0.1) + (is.heading === '' ? 0 : 2) + 2.9;
    // A page that has kept room itself, or shows the newest items till then, is right.
    style.minBlockSize = widget.room > 0.6 * ems * widget.em ? Math.round(widget.room) + 'px' : ems.toFixed(1) + 'em';
  }

  function release(widget) {
    if (widget.shown && !widget.is.height) { widget.root.style.minBlockSize = ''; }
  }

  // --- States ---------------------------------------------------------------

  function paint_name(widget, name) {
    var base = widget.is.heading || name || widget.is.words.name, label = base, count = 1, i;
    for (i = 0; i < widgets.length; i++) {
      if (widgets[i] !== widget && widgets[i].label === label) {
        label = base + ' (' + (++count) + ')';
        i = -1;
      }
    }
    widget.label = label;
    widget.root.setAttribute('aria-label', label);
    if (widget.is.heading === '') { return; }
    var text = widget.is.heading || name, heading = make(widget.root, text ? 'h' + widget.is.rank : 'div', 'heading', text || undefined);
    if (!text) { make(heading, 'div', 'bar'); }
  }

  function paint_waiting(widget) {
    paint_name(widget, '');
    widget.root.setAttribute('aria-busy', 'true');
    make(widget.root, 'p', 'hush', widget.is.words.loading);
    var bones = make(widget.root, 'div', 'list bones'), rich = widget.host.getElementsByTagName('a').length > 1, i, bone;
    bones.setAttribute('aria-hidden', 'true');
    for (i = 0; i < widget.is.limit; i++) {
      bone = make(bones, 'div', 'item');
      make(bone, 'div', 'bar');
      make(bone, 'div', 'bar');
    }
    // Headlines that the page has brought along are better than grey bars.
    bones.hidden = rich;
    make(widget.root, 'slot').hidden = !rich;
  }

  function paint_fallback(widget) {
    clear(widget.root);
    widget.root.removeAttribute('aria-busy');
    widget.root.removeAttribute('aria-label');
    make(widget.root, 'slot');
    widget.shown = 'fallback';
  }

  function show(widget) {
    var feed = widget.feed;
    if (!feed.data) {
      if (feed.fails) { paint_fallback(widget); }
      return;
    }
    var stale = feed.fails && now() - feed.at > DAY ? written(feed.at, feed.data.updated) : '';
    var items = feed.data.items, fresh = 0, i;
    for (i = 0; i < items.length; i++) { fresh += is_new(items[i]) ? 1 : 0; }
    var face = feed.text + '\n' + fresh + '\n' + stale;
    if (face === widget.shown) { return; }
    if (widget.ids && touched(widget)) {
      widget.late = true; // nothing moves under the reader's finger
      return;
    }
    widget.shown = face;
    paint_items(widget, feed.data, stale);
  }

  function touched(widget) {
    return widget.host.matches(':hover') || widget.shadow.activeElement !== null;
  }

  function catch_up(widget) {
    if (widget.late && widget.feed && !touched(widget)) {
      widget.late = false;
      show(widget);
    }
  }

  function is_new(item) { return now() < Date.parse(item.new_until || ''); }

  function paint_items(widget, data, stale) {
    var is = widget.is, words = is.words, root = widget.root, list, foot, i, count = Math.min(data.items.length, is.limit);
    var old = widget.ids, ids = [], added = 0;
    clear(root);
    root.removeAttribute('aria-busy');
    paint_name(widget, data.title);
    if (count) {
      list = make(root, 'ul', 'list');
      list.setAttribute('role', 'list');
      if (count < is.limit) { list.className = 'list few'; }
    } else { make(root, 'p', 'state', words.empty); }
    for (i = 0; i < count; i++) {
      paint_item(list, data.items[i], is);
      add(ids, data.items[i].id);
      if (old && !has(old, data.items[i].id)) { added++; }
    }
    widget.ids = ids;
    if (stale) { make(root, 'p', 'note meta', fill(words.stale, moment_of(words, stale))); }
    foot = make(root, 'div', 'foot');
    link(make(foot, 'p'), 'more', fill(words.all, is.heading || data.title), data.page);
    make(foot, 'p', 'source', fill(words.source, data.source));
    if (is.live) { tell(root, added ? fill(words.fresh, added) : ''); }
  }

  function tell(root, text) {
    var status = make(root, 'p', 'hush');
    status.setAttribute('role', 'status');
    later(function () { status.textContent = text; }, 100);
  }

  function paint_item(list, item, is) {
    var words = is.words, row = make(list, 'li', 'item'), head = link(row, 'title', item.title, item.url), meta = make(row, 'p', 'meta'), time, files;
    head.title = item.title;
    if (is.lang !== 'vi') { head.lang = 'vi'; }
    if (is_new(item)) { make(meta, 'span', 'mark new', words['new']); }
    make(meta, 'span', 'mark category', words[item.category] || item.label);
    time = make(meta, 'time', 'date', day_of(words, item.date));
    time.dateTime = item.date;
    if (item.levels && item.levels.length && !is.single) { make(meta, 'span', 'levels', levels_of(words, item.levels)); }
    make(meta, 'span', 'authority', item.authority);
    if (item.files) {
      files = make(meta, 'span', 'files', fill(words.files, item.files));
      clip(files);
    }
    if (item.number || item.deadline || item.event) { paint_facts(make(row, 'p', 'meta facts'), item, words); }
  }

  function levels_of(words, levels) {
    var names = '', i;
    for (i = 0; i < levels.length; i++) { names += (i ? ', ' : '') + (words[levels[i]] || levels[i]); }
    return names;
  }

  function paint_facts(row, item, words) {
    var event = item.event;
    if (item.number) { make(row, 'span', 'number', fill(words.number, item.number)); }
    if (item.deadline) { make(row, 'span', 'deadline', fill(words.deadline, moment_of(words, item.deadline))); }
    if (event) { make(row, 'span', 'event', fill(words.event, moment_of(words, event.start, event.end))); }
    if (event && event.place) { make(row, 'span', 'place', fill(words.place, event.place)); }
  }

  // --- Watching the page ----------------------------------------------------

  function each(handle) {
    return function (entries) {
      for (var i = 0; i < entries.length; i++) {
        var widget = known.get(entries[i].target);
        if (widget && widget.on) { handle(widget, entries[i]); }
      }
    };
  }

  var near = Near ? new Near(each(function (widget, entry) { if (entry.isIntersecting) { subscribe(widget); } }), { rootMargin: '400px' }) : null;
  // Room kept in vain is given back only where nobody sees it.
  var sight = Near ? new Near(each(function (widget, entry) { if (!entry.isIntersecting) { release(widget); } })) : null;
  var sizes = Sizes ? new Sizes(each(fit)) : null;

  function scan() {
    var found = doc.getElementsByClassName(NAME), i;
    for (i = 0; i < found.length; i++) { if (found[i].localName !== NAME) { attach(found[i]); } }
    for (i = widgets.length - 1; i >= 0; i--) { if (!widgets[i].host.isConnected) { stop(widgets[i]); } }
  }

  var watcher = new MutationObserver(function (records) {
    var moved = false, i, widget;
    for (i = 0; i < records.length; i++) {
      widget = records[i].type === 'attributes' ? known.get(records[i].target) : null;
      if (widget) { changed(widget); } else { moved = true; }
    }
    if (moved) { scan(); }
  });

  elements.define(NAME, class extends HTMLElement {
    connectedCallback() { attach(this); }
    disconnectedCallback() {
      var widget = known.get(this);
      if (widget && widget.on) { stop(widget); }
    }
  });
  watcher.observe(doc, { childList: true, subtree: true });
  scan();
  doc.addEventListener('visibilitychange', arm_all);
  win.addEventListener('pageshow', arm_all);
  win.addEventListener('online', function () {
    for (var i = 0; i < feeds.length; i++) { if (feeds[i].fails) { feeds[i].asked = 1; } }
    arm_all();
  });
  doc.addEventListener('pointerout', late, true);
  doc.addEventListener('focusout', late, true);
  function late() {
    later(function () { for (var i = 0; i < widgets.length; i++) { if (widgets[i].late) { catch_up(widgets[i]); } } }, 0);
  }

  // An <iframe> of ours tells its height: a number within bounds, and nothing else.
  win.addEventListener('message', function (event) {
    var height = event.data && event.data['feed-embed'], frames = doc.getElementsByTagName('iframe'), i;
    if (typeof height !== 'number' || !(height >= 60 && height <= 8000) || !SERVER) { return; }
    for (i = 0; i < frames.length; i++) {
      if (frames[i].contentWindow === event.source && frames[i].src.indexOf(SERVER + 'embed/') === 0) {
        frames[i].setAttribute('height', Math.ceil(height));
        frames[i].style.height = Math.ceil(height) + 'px';
      }
    }
  });
}());
