// A snapshot as the resolver would have answered: the bucket knows no status but 200, and keeps the rest as metadata.
function handler(event) {
  const response = event.response, headers = response.headers;
  const asOf = headers['x-amz-meta-snapshot-as-of'], status = headers['x-amz-meta-snapshot-status'], place = headers['x-amz-meta-snapshot-location'], link = headers['x-amz-meta-snapshot-link'];
  if (asOf) headers['snapshot-as-of'] = {value: asOf.value};
  if (place) headers.location = {value: place.value};
  if (link) headers.link = {value: link.value};
  if (status && response.statusCode == 200) {
    response.statusCode = +status.value;
    delete response.statusDescription;
  }
  for (const name in headers) if (name.startsWith('x-amz-')) delete headers[name];
  return response;
}
