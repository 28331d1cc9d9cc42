// What stands before the resolver on every scan: CloudFront Function, viewer request, JavaScript runtime 2.0.
//
// It folds a request into the canonical request, a path that is cache key and snapshot key at once:
//   /<view>/<lang>/<SUBJECT>[?label=<LABEL>]
// functions/resolver/src/request.rs folds by the same rules in Rust, and functions/resolver/vectors/requests.json tests both.
// The build (build.rs) leaves out comments and indentation and puts the page's words in: no comment behind code, please.
import cf from 'cloudfront';

// Of each language: "This code cannot be read", "Find a battery".
const WORDS = {/*words*/};
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
// In order of preference.
const VIEWS = [['json', 'application/json'], ['html', 'text/html'], ['jsonld', 'application/ld+json'], ['linkset', 'application/linkset+json']];
const METHODS = 'GET, HEAD, OPTIONS';
// On every answer of the function's own; the distribution adds what every answer has.
const ALWAYS = ['access-control-allow-origin', '*', 'access-control-allow-methods', METHODS, 'cache-control', 'no-store', 'content-security-policy', "default-src 'none'; frame-ancestors 'none'", 'x-content-type-options', 'nosniff'];
// What the cache reads, and what CloudFront does not let go.
const KEPT = ['host', 'accept-encoding', 'if-none-match', 'content-length', 'transfer-encoding', 'via'];
// Where GS1 keeps its link types, with and without the host it moved to.
const GS1 = /^https?:\/\/(ref\.)?gs1\.org\/voc\//;
// Link types that lead to where the carrier itself leads.
const PASSPORT = ['gs1:dpp', 'gs1:pip', 'gs1:defaultLink', 'gs1:defaultLinkMulti'];
// Longer is no carrier.
const LONGEST = 2048;
// As `web::ProblemKind` has them: name, title, EN 18222's code; and what to do.
const PROBLEMS = {
  400: ['malformed', 'The request cannot be read', 'ClientErrorBadRequest', 'no code of a battery, GS1 Digital Link or `linkType` has this form, or a check character does not fit: `/find?id=` says what is wrong with a code'],
  404: ['not-found', 'There is nothing here for you', 'ClientErrorResourceNotFound', 'no such route: see /docs'],
  405: ['method', 'This path does not take that method', 'ClientMethodNotAllowed', 'use one of the methods that `Allow` names'],
  406: ['not-acceptable', 'No such representation', 'ClientErrorBadRequest', 'a scan is answered as ' + VIEWS.map(view => view[1]).join(', ')],
};

// In GF(32) with x⁵+x²+1, times α.
function twice(symbol) {
  symbol <<= 1;
  return symbol & 32 ? symbol ^ 37 : symbol;
}

// An id in canonical form, or nothing: read tolerantly, zero at α and at α² (CARRIER.md §1).
function id(text, length) {
  const typed = (text || '').replace(/[ -]/g, '');
  if (typed.length != length || /[^0-9A-Za-z]/.test(typed)) return '';
  const word = typed.toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
  let one = 0, two = 0;
  for (let i = 0; i < length; i++) {
    const symbol = ALPHABET.indexOf(word[i]);
    if (symbol < 0) return '';
    one = twice(one) ^ symbol;
    two = twice(twice(two)) ^ symbol;
  }
  return one || two ? '' : word;
}

// Fourteen digits, the last the check digit (GS1 General Specifications §7.9).
function isGtin(text) {
  if (text.length != 14 || /[^0-9]/.test(text)) return false;
  let sum = 0;
  for (let i = 0; i < 14; i++) sum += text[i] * (i % 2 ? 1 : 3);
  return sum % 10 == 0;
}

// Null where it is no percent-encoded UTF-8.
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch (e) {
    return null;
  }
}

// A value of up to so many characters of GS1's set 82; nothing where it is none. A dot segment is no path (RFC 3986 §5.2.4).
function element(text, most) {
  return text && text.length <= most && !/[^!"%-?A-Z_a-z]/.test(text) && text != '.' && text != '..' ? text : '';
}

// For a path: only unreserved characters as they are (RFC 3986 §2.3).
function encode(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, sign => '%' + sign.charCodeAt(0).toString(16).toUpperCase());
}

// A GIAI: any that begins with a company prefix; ours ends with a unit id.
function giai(text) {
  if (!element(text, 30) || !/^[0-9]{4}/.test(text)) return '';
  const prefix = text.slice(0, -20), unit = id(text.slice(-20), 20);
  return unit && /^[0-9]{6,10}$/.test(prefix) ? prefix + unit : text;
}

// What a GS1 Digital Link names, each qualifier once and in its order.
function gs1(parts) {
  if (parts[0] == '8004') {
    const asset = parts.length == 2 && giai(decode(parts[1]));
    return asset && '8004/' + encode(asset);
  }
  const gtin = decode(parts[1] || '');
  if (!isGtin(gtin || '') || parts.length % 2) return '';
  let subject = '01/' + gtin, last = -1;
  for (let i = 2; i < parts.length; i += 2) {
    const rank = ['22', '10', '21'].indexOf(parts[i]), text = element(decode(parts[i + 1]), 20);
    if (rank <= last || !text) return '';
    last = rank;
    subject += '/' + parts[i] + '/' + encode(rank == 2 && id(text, 20) || text);
  }
  return subject;
}

// The first value of a parameter, as it came; undefined where there is none.
function parameter(pairs, name) {
  const pair = pairs.find(pair => pair.startsWith(name + '='));
  return pair && pair.slice(name.length + 1);
}

// The members of a list header with their weights in thousandths (RFC 9110 §12.4.2).
function members(header) {
  return header.split(',').slice(0, 32).map(member => {
    const parts = member.toLowerCase().split(';').map(part => part.trim()), q = parts.find(part => part.startsWith('q='));
    return [parts[0], !q ? 1000 : /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Math.round(q.slice(2) * 1000) : -1];
  }).filter(member => member[0] && member[1] >= 0);
}

// The view that `Accept` likes best; undefined where it likes none.
function accepted(header) {
  const ranges = members(header);
  if (!ranges.length) return 'json';
  let best, most = 0;
  VIEWS.forEach(view => {
    const wanted = ['*/*', view[1].split('/')[0] + '/*', view[1]];
    let exact = -1, weight = 0;
    ranges.forEach(range => {
      const at = wanted.indexOf(range[0]);
      if (at > exact || (at == exact && at >= 0 && range[1] > weight)) {
        exact = at;
        weight = range[1];
      }
    });
    if (weight > most) {
      most = weight;
      best = view[0];
    }
  });
  return best;
}

function language(asked, header) {
  let best = 'en', most = 0;
  members(header).concat([[(asked || '').toLowerCase(), 2000]]).forEach(member => {
    const code = member[0].split('-')[0];
    if (member[1] > most && WORDS.hasOwnProperty(code)) {
      most = member[1];
      best = code;
    }
  });
  return best;
}

// Names and values in turn.
function answer(status, named, data) {
  const headers = {};
  ALWAYS.concat(named).forEach((text, at, all) => {
    if (at % 2) headers[all[at - 1]] = {value: text};
  });
  return {statusCode: status, headers: headers, body: {encoding: 'text', data: data}};
}

// As `web::Problem` writes it.
function problem(event, status, more) {
  const kind = PROBLEMS[status], name = kind[0], detail = kind[3];
  const message = {messageType: 'Error', text: detail, code: name, correlationId: event.context.requestId, timestamp: new Date().toISOString()};
  const body = {type: '/docs#' + name, title: kind[1], status: status, detail: detail, statusCode: kind[2], message: [message]};
  return answer(status, ['content-type', 'application/problem+json'].concat(more), JSON.stringify(body));
}

// Who typed a code is led on to where what is wrong with it is said.
function page(status, parts, lang) {
  const whole = parts[0] == '01' || parts[0] == '8004', words = WORDS[lang];
  const typed = (decode(whole ? parts.join('/') : parts[0]) || '').replace(/[^ -~]/g, '').slice(0, 60);
  const shown = typed.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return answer(status, ['content-type', 'text/html; charset=utf-8', 'content-language', lang],
    `<!DOCTYPE html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${words[0]}</title><main><h1>${words[0]}</h1><p>${shown}</p><p><a href="/find?id=${encode(typed)}&amp;lang=${lang}">${words[1]}</a></p></main></html>`);
}

// The canonical request: its path and query, or the status it is refused with.
function fold(parts, pairs, view, lang) {
  let named = parts, label, rest = '', linkType = parameter(pairs, 'linkType');
  const canonical = parts.length > 1 && (parts[0] == 'link' || VIEWS.some(view => view[0] == parts[0]));
  if (canonical) {
    if (parts.length < 3 || !WORDS.hasOwnProperty(parts[1])) return 404;
    named = parts.slice(2);
    label = parameter(pairs, 'label');
  }
  let subject;
  if (named[0] == '01' || named[0] == '8004') {
    subject = gs1(named);
    if (!canonical) label = parameter(pairs, '91');
  } else {
    if (named.length > 2 || !named[0]) return 404;
    subject = id(decode(named[0]), 20);
    if (named[1] && decode(named[1]) === null) return 400;
    if (!canonical) label = named[1];
  }
  const scanned = decode(label || '');
  if (!subject || scanned === null) return 400;
  if (canonical) {
    view = parts[0];
    lang = parts[1];
    if (view != 'link') linkType = undefined;
    else if (linkType === undefined) return 400;
  }
  if (linkType !== undefined) {
    linkType = (decode(linkType) || '').replace(GS1, 'gs1:');
    if (!linkType || linkType.length > 64 || /[^-._:\/0-9A-Za-z]/.test(linkType)) return 400;
    if (linkType == 'linkset' || linkType == 'all') view = 'linkset';
    else if (canonical || !PASSPORT.includes(linkType)) view = 'link';
  }
  if (!view) return 406;
  if (view == 'link') rest = ['linkType=' + linkType].concat(pairs.filter(pair => pair && !/^linkType(=|$)/.test(pair))).join('&');
  else if (scanned) rest = 'label=' + (id(scanned, 10) || '-');
  return ['/' + view + '/' + (canonical || view == 'html' || view == 'link' ? lang : 'en') + '/' + subject, rest];
}

async function handler(event) {
  const request = event.request, query = request.rawQueryString() || '', store = cf.kvs();
  const header = name => {
    const found = request.headers[name] || {value: ''};
    return (found.multiValue || [found]).map(one => one.value).join();
  };
  // A key that is not there is refused.
  let custodian = '', snapshots = '';
  try {
    custodian = await store.get('custodian:' + header('host').toLowerCase());
  } catch (e) {}
  if (custodian) return answer(307, ['location', custodian + request.uri + (query && '?' + query)], '');
  if (request.method == 'OPTIONS') return answer(204, ['allow', METHODS, 'access-control-allow-headers', '*', 'access-control-max-age', '86400'], '');
  if (request.method != 'GET' && request.method != 'HEAD') return problem(event, 405, ['allow', METHODS]);
  const parts = request.uri.replace(/^\/+/, '').replace(/\/$/, '').split('/'), pairs = query.split('&');
  const view = accepted(header('accept')), lang = language(parameter(pairs, 'lang'), header('accept-language'));
  const folded = request.uri.length + query.length > LONGEST ? 400 : fold(parts, pairs, view, lang);
  if (folded > 0) return view == 'html' ? page(folded, parts, lang) : problem(event, folded, []);
  request.uri = folded[0];
  request.querystring = folded[1];
  request.cookies = {};
  for (const name in request.headers) if (!KEPT.includes(name)) delete request.headers[name];
  // No part of the key: where custody moved the resolver leads on with it.
  if (query && query.length <= 1000) request.headers['viewer-query'] = {value: query};
  // An operator's switch: the resolver is left alone, and every battery is answered from its snapshot. It lists the languages
  // that there are; the others fall back to English, and a link of another type to the page. No snapshot is of one label.
  try {
    snapshots = await store.get('snapshots');
  } catch (e) {}
  if (snapshots) {
    const path = request.uri.split('/');
    if (path[1] == 'link') path[1] = 'html';
    if (!snapshots.split(',').includes(path[2])) path[2] = 'en';
    request.uri = path.join('/');
    request.querystring = '';
    cf.selectRequestOriginById('snapshots');
  }
  return request;
}
