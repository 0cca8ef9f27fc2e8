import { describe, expect, it } from 'vitest';
import { incidentMarkdown } from '../../../src/view/incident-markdown.js';
import { incident, proc } from '../publish/rows.js';

const remedy = {
  ...{
    role: 'do-now' as const,
    text: 'Widen the range',
    command: 'sysctl -w a="1 2"',
    undo: 'sysctl -w a="3 4"',
  },
  ...{ effect: 'At once.', settlesAt: null, reason: null, snippet: null, language: null },
};
const who = (name: string) => ({ process: proc({ pid: 7, name }), program: null });
const FIRST = /^- (.*): 5 ports$/m;
const named = (name: string) => {
  const text = incidentMarkdown(incident('i', { culprits: [{ ...who(name), ports: 5, share: 1 }] }));
  return FIRST.exec(text)?.[1];
};

describe('an incident as Markdown', () => {
  it('has what a ticket needs: title, figures, who, whose calls fail, commands with undo', () => {
    const row = incident('i', {
      ...{
        title: 'worker is out of ports',
        name: 'web',
        demandPerSec: 92,
        sustainablePerSec: 33,
        failed: 1234,
      },
      culprits: [{ ...who('worker'), ports: 400, share: 1 }],
      victims: [{ ...who('curl'), failed: 12, perSec: 3 }],
      remedies: [remedy],
    });
    const text = incidentMarkdown(row);
    expect(text).toMatch(/^## worker is out of ports\n\n- /);
    for (const part of [
      '- Namespace: web\n',
      '- Asked for: 92.0 connections/s\n- The ports allow: 33.0/s\n- Failed: 1,234,',
      '**Who holds the ports**\n\n- worker 7: 400 ports\n',
      '**Whose calls fail**\n\n- curl 7: 12 failed, 3.0/s\n',
      '**Do now:** Widen the range\n\n```\nsysctl -w a="1 2"\n```\n\nUndo:\n\n```\nsysctl -w a="3 4"\n```\n\nAt once.\n',
    ])
      expect(text).toContain(part);
  });

  it.each([
    ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)\\> 7'],
    ['[click](https://evil.example)', '\\[click\\](https\\://evil.example) 7'],
    ['www.evil.example', 'www\\.evil.example 7'],
    ['@all see #12', '@\u200ball see \\#\u200b12 7'],
    ['**bold** _x_ `y`', '\\*\\*bold\\*\\* \\_x\\_ \\`y\\` 7'],
    ['- item', '\\- item 7'],
    ['1. item', '1\\. item 7'],
    ['&lt;b&gt;', '&amp;lt;b&amp;gt; 7'],
    ['a\n## b\u202e', 'a\\\\u000a\\#\u200b\\#\u200b b\\\\u202e 7'],
  ])('takes no markup from a process called %j', (name, shown) => {
    expect(named(name)).toBe(shown);
  });

  it('lets no command out of its fence', () => {
    const text = incidentMarkdown(incident('i', { remedies: [{ ...remedy, command: 'a\n```\n# b' }] }));
    expect(text).toContain('````\na\n```\n# b\n````');
  });
});
