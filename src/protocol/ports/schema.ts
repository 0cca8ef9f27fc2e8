/**
 * The port map: body of GET /api/v1/ports, and what a `ports` frame carries. In: nothing. Out: schema and types.
 */
import { type Static, Type } from 'typebox';
import { ProcessInfo } from '../rows.js';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** As in holders of a budget. Of index 254 (`OTHER_OWNERS`), which stands for many, nothing is known. */
export const PortOwner = Type.Object({ process: ProcessInfo, program: Nullable(Type.String()) });
export type PortOwner = Static<typeof PortOwner>;

export const portMapFields = {
  /** Unix ms. */
  time: Type.Number(),
  /** Key of the budget. */
  budget: Type.String(),
  /** The local port of the first cell, the low end of the range; null, with no cells: the range is not known. */
  first: Nullable(Type.Integer()),
  /** By index, those with the most ports first. */
  owners: Type.Array(PortOwner, { maxItems: 255 }),
  /** Base64 of 4 bytes for each port of the range: cells.ts. */
  cells: Type.String(),
};

export const PortMap = Type.Object(portMapFields);
export type PortMap = Static<typeof PortMap>;
