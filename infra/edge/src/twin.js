// CloudFront's side of the function: the module it imports, the event it is handed, and what becomes of its answer.
// `kvsGet` and `select` are functions of the host.
import {handler} from 'function';

globalThis.call = async (method, uri, query, names, values, requestId, ip) => {
  const headers = {};
  for (let i = 0; i < names.length; i++) {
    const found = headers[names[i]];
    if (!found) headers[names[i]] = {value: values[i]};
    else {
      found.multiValue = found.multiValue || [{value: found.value}];
      found.multiValue.push({value: values[i]});
    }
  }
  const request = {method, uri, headers, cookies: {}, querystring: {}, rawQueryString: () => query};
  const context = {distributionDomainName: 'local', distributionId: 'LOCAL', eventType: 'viewer-request', requestId};
  const made = await handler({version: '1.0', context, viewer: {ip}, request});
  if (made.statusCode === undefined) return [0, made.uri, made.querystring, [], (made.headers['viewer-query'] || {}).value];
  return [made.statusCode, made.body.data, '', Object.entries(made.headers).flatMap(([name, {value}]) => [name, value])];
};
