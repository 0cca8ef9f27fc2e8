/**
 * `portchurn doctor`: can this machine trace? In: the report of src/doctor. Out: text or JSON, and the exit code that
 * `serve --no-polling` would end with.
 */
import type { ValuesOf } from '../../config/options.js';
import { containerSockets } from '../../config/serve-config.js';
import type { DoctorCheck, DoctorReport } from '../../protocol/doctor.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { type Style, styleFor } from '../screen/style.js';
import { jsonText, printable } from '../screen/text.js';

export async function doctor(values: ValuesOf<'doctor'>, io: Io, backends: Backends): Promise<number> {
  const report = await backends.doctor(containerSockets(values));
  const text = values.output === 'json' ? jsonText(report) : doctorText(report, styleFor(io, values));
  io.stdout.write(`${text}\n`);
  return report.exitCode;
}

/** One line per check, the fix below a check that needs one, the summary last. */
export function doctorText(report: DoctorReport, style: Style): string {
  const lines = report.checks.flatMap((check) => checkLines(check, style));
  const failed = report.checks.filter((check) => check.status === 'fail').length;
  const problems = `${failed} ${failed === 1 ? 'problem' : 'problems'}`;
  const summary = report.ok ? 'This machine can trace.' : `This machine cannot trace yet: ${problems}.`;
  return [...lines, '', summary].join('\n');
}

function checkLines(check: DoctorCheck, { colors, glyphs }: Style): string[] {
  const paint = { ok: colors.green, warn: colors.yellow, fail: colors.red }[check.status];
  const mark = paint(`${glyphs[check.status]} ${check.status.padEnd(4)}`);
  const line = `${mark}  ${printable(check.title)}: ${printable(check.detail)}`;
  const fix = check.fix?.split('\n').map((step) => `          ${glyphs.arrow} ${printable(step)}`) ?? [];
  return [line, ...fix];
}
