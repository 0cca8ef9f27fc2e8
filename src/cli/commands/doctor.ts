/**
 * `portchurn doctor`: can this machine trace? Enters: the checks of system/doctor. Leaves: text or JSON, and the exit code
 * that `serve` would end with. Called by command-line.ts.
 */
import type { ValuesOf } from '../../config/serve-config.js';
import type { DoctorReport } from '../../doctor/doctor.js';
import type { Io } from '../io.js';
import { type Style, styleFor } from '../screen/style.js';
import { jsonText, printable } from '../screen/text.js';

type Check = DoctorReport['checks'][number];

export async function doctor(values: ValuesOf<'doctor'>, io: Io): Promise<number> {
  const { runDoctor } = await import('../../doctor/doctor.js');
  const report = await runDoctor({ load: (await import('../../engine/addon.js')).openAddon });
  const text = values.output === 'json' ? jsonText(report) : doctorText(report, styleFor(io, values));
  io.stdout.write(`${text}\n`);
  return report.exitCode;
}

/** One line per check, the fix below what needs one, the verdict last. */
export function doctorText(report: DoctorReport, style: Style): string {
  const lines = report.checks.flatMap((check) => checkLines(check, style));
  const failed = report.checks.filter((check) => check.status === 'fail').length;
  const problems = `${failed} ${failed === 1 ? 'problem' : 'problems'}`;
  const verdict = report.ok ? 'This machine can trace.' : `This machine cannot trace yet: ${problems}.`;
  return [...lines, '', verdict].join('\n');
}

function checkLines(check: Check, { colors, glyphs }: Style): string[] {
  const paint = { ok: colors.green, warn: colors.yellow, fail: colors.red }[check.status];
  const mark = paint(`${glyphs[check.status]} ${check.status.padEnd(4)}`);
  const line = `${mark}  ${printable(check.title)}: ${printable(check.detail)}`;
  const fix = check.fix?.split('\n').map((step) => `          ${glyphs.arrow} ${printable(step)}`) ?? [];
  return [line, ...fix];
}
