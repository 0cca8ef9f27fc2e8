/** Sentences of findings and incidents against docs/words.md, as far as a program can judge them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { titleOf } from '../../../src/diagnose/incidents/titles.js';
import { INCIDENT_KINDS, type Victim } from '../../../src/protocol/rows.js';
import { incident, proc } from '../publish/rows.js';
import { budget } from './world.js';

const ROOT = new URL('../../../', import.meta.url).pathname;
/** Vague or chatty, or about what is not seen. */
const UNWANTED =
  /\b(just|simply|might|nearly every|per request|obviously|please|whopping|bypass(es)?)\b|!(?!=)/i;

/** Literals after `title:` in the rules, and the texts of remedies: what a reader gets. */
function sentencesOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/\b(?:title|text|effect|reason):\s*(`[^`]*`|'(?:[^'\\]|\\.)*')/g)].map(
    ([, literal = '']) => literal.slice(1, -1),
  );
}

function filesIn(folder: string): string[] {
  if (folder.endsWith('.ts')) return [folder];
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = join(folder, name);
    return statSync(join(ROOT, path)).isDirectory() ? filesIn(path) : [path];
  });
}

const withoutPlaces = (text: string) => text.replaceAll(/\$\{[^}]*\}/g, 'X');

describe('sentences of findings', () => {
  const files = ['rules', 'remedies', 'fixes.ts'].flatMap((name) => filesIn(`src/diagnose/${name}`));
  const sentences = files.flatMap(sentencesOf);

  it('are found where docs/words.md says', () => {
    expect(sentences.length).toBeGreaterThan(40);
  });

  it('have no vague or chatty word, and speak of what is seen', () => {
    expect(sentences.map(withoutPlaces).filter((text) => UNWANTED.test(text))).toEqual([]);
  });

  it('join no third thought by another colon', () => {
    const colons = (text: string) => withoutPlaces(text).split(/: /).length - 1;
    expect(sentences.filter((text) => colons(text) > 1)).toEqual([]);
  });
});

describe('titles of incidents', () => {
  const people = { process: proc({ pid: 4242, comm: 'orders' }), program: 'orders' };
  const subject = {
    id: 'x',
    kind: 'ports',
    netns: 1,
    netnsId: '1',
    destination: { address: '10.0.0.9', port: 5432 },
  } as const;
  const SEEN = { subject, budget: budget({ limit: 2000 }), threat: null, rows: [], fresh: [], failed: 900 };
  const row = (kind: (typeof INCIDENT_KINDS)[number], parts = {}) => ({
    ...incident(`${kind}:1::10.0.0.9:5432@1`, {
      kind,
      destination: { address: '10.0.0.9', port: 5432 },
      culprits: [{ ...people, ports: 1900, share: 0.95 }],
      victims: [{ ...people, failed: 900, perSec: 90 }],
      failPerSec: 90,
      demandPerSec: 92,
      sustainablePerSec: 33,
      ...parts,
    }),
  });

  it.each(INCIDENT_KINDS)(
    '%s: one or two sentences with who, how much and where, and a full stop',
    (kind) => {
      const title = titleOf(row(kind), SEEN);
      expect(title).toMatch(/^[A-Za-z\d][^!]*\.$/);
      expect(title.length).toBeLessThan(200);
      expect(UNWANTED.test(title)).toBe(false);
      if (kind !== 'bind-pool') expect(title).toMatch(/\d/);
    },
  );

  it('says the sentence of the guide', () => {
    expect(titleOf(row('ports'), SEEN)).toMatch(
      /^orders \(pid 4242\) tries 92\.0 connections\/s to 10\.0\.0\.9:5432; 2,000 ports allow 33\.0\/s\.$/,
    );
  });

  it('says who is there behind the address', () => {
    const peer = { process: proc({ name: 'postgres', pod: 'shop/db-0' }) };
    const destination = { address: '10.0.0.9', port: 5432, peer };
    expect(titleOf(row('unreachable', { destination }), SEEN)).toBe(
      'There is no way to 10.0.0.9:5432 (postgres in pod shop/db-0): 90.0 connects/s of orders (pid 4242) fail.',
    );
  });

  it('says nothing of who made entries that are older than the service: they try nothing', () => {
    const nobody = proc({ pid: null, comm: null, name: null, exe: null });
    const unknown = { process: nobody, program: null, ports: 2000, share: 1 };
    const title = (victims?: Victim[]) =>
      titleOf(row('ports', { culprits: [unknown], ...(victims && { victims }) }), SEEN);
    expect(title([])).toMatch(/^Programs try 92\.0 connections\/s/);
    expect(title()).toMatch(/^orders \(pid 4242\) tries 92\.0 connections\/s/);
    /* Whoever has nearly all that is newer asks for all, once that is more than a second's. */
    const newer = (...shares: number[]) => {
      const known = shares.map((share, i) => ({
        process: proc({ pid: 50 + i, name: `p${i}`, exe: `/p${i}` }),
        program: null,
        ports: 2000 * share,
        share,
      }));
      const rest = 1 - shares.reduce((sum, share) => sum + share, 0);
      const culprits = [{ ...unknown, ports: 2000 * rest, share: rest }, ...known];
      return titleOf(row('ports', { culprits, victims: [] }), SEEN);
    };
    expect(newer(0.2, 0.01)).toMatch(/^p0 \(pid 50\) tries 92\.0 connections\/s/);
    expect(newer(0.2, 0.1)).toMatch(/^Programs try 92\.0 connections\/s/);
    expect(newer(0.02)).toMatch(/^Programs try 92\.0 connections\/s/);
  });
});
