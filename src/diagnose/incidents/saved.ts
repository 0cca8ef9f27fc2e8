/**
 * What outlives a restart of the service of an incident: its row, and what is counted for it. Counts of the next run begin at zero, so what
 * was counted until now is added. Types and schema only.
 */
import { type Static, Type } from 'typebox';
import { INCIDENT_KINDS, IncidentRow, Place, SEVERITIES, Victim } from '../../protocol/rows.js';

const Moment = Type.Union([Type.Number(), Type.Null()]);

export const SavedIncident = Type.Object({
  subject: Type.Object({
    id: Type.String(),
    kind: Type.Enum(INCIDENT_KINDS),
    netns: Type.Union([Type.Integer(), Type.Null()]),
    netnsId: Type.Union([Type.String(), Type.Null()]),
    destination: Place,
  }),
  row: IncidentRow,
  /** At its worst. */
  worst: Type.Enum(SEVERITIES),
  /** By who made the calls, as `failedBy` has them. */
  victims: Type.Array(Type.Tuple([Type.String(), Victim])),
  pauses: Type.Integer(),
  /** Unix ms. */
  lastFailure: Moment,
  lastThreat: Moment,
  /** Since when calls fail; left out: an older version wrote it. */
  failsSince: Type.Optional(Moment),
  /** By what its changes are judged that have no final word yet. */
  scale: Type.Object({
    sustainablePerSec: Type.Union([Type.Number(), Type.Null()]),
    waitsForPeer: Type.Boolean(),
    /** Left out: an older version wrote it. */
    isThreatened: Type.Optional(Type.Boolean()),
  }),
  forecast: Type.Union([Type.Object({ seconds: Type.Number(), time: Type.Number() }), Type.Null()]),
});
export type SavedIncident = Static<typeof SavedIncident>;

export const SavedIncidents = Type.Object({
  lasting: Type.Array(SavedIncident, { maxItems: 400 }),
  over: Type.Array(IncidentRow, { maxItems: 400 }),
});
export type SavedIncidents = Static<typeof SavedIncidents>;
