/** What is in a package: a CycloneDX list, and the licences of all of it. In: its parts. Out: two texts, the same for the same parts. */
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { MANIFEST } from './places.js';

/** @typedef {import('./bundled.js').Part} Part */

/** @param {Part} part */
function componentOf({ name, version, licence, purl, integrity }) {
  const component = new Models.Component(Enums.ComponentType.Library, name, { version, purl, bomRef: purl });
  component.licenses.add(
    licence.startsWith('/') ? new Models.NamedLicense(licence) : new Models.LicenseExpression(licence),
  );
  if (integrity?.startsWith('sha512-')) {
    const hex = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
    component.hashes.set(Enums.HashAlgorithm['SHA-512'], hex);
  }
  return component;
}

/**
 * @param {readonly Part[]} parts
 * @param {{ commit: string, time: Date }} source
 * @returns {string} JSON
 */
export function sbomOf(parts, { commit, time }) {
  const { version, description, license } = MANIFEST;
  const main = new Models.Component(Enums.ComponentType.Application, 'portchurn', {
    version: `${version}+${commit}`,
    description,
    bomRef: 'portchurn',
  });
  main.licenses.add(new Models.LicenseExpression(license));
  const bom = new Models.Bom();
  bom.metadata.component = main;
  bom.metadata.timestamp = time;
  for (const component of parts.map(componentOf)) {
    bom.components.add(component);
    main.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** @param {readonly Part[]} parts @returns {string} */
export function licencesOf(parts) {
  const line = '='.repeat(78);
  const sections = parts.map(
    ({ name, version, licence, text }) =>
      `${line}\n${name} ${version}: ${licence}\n${line}\n\n${text || 'Its package has no text of the licence.'}\n`,
  );
  return ['portchurn is MIT, see LICENSE. This package holds, besides, parts of:\n', ...sections].join('\n');
}
