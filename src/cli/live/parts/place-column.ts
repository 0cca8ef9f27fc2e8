/** The column that says in which namespace a row is. In: a scene, the rows of the table. Out: a column. */
import { isOneNamespace, placeOf, type Scene } from '../scene.js';
import type { Column } from './columns.js';

interface Placed {
  readonly netnsId: string | null;
}

/** @param last its priority where all rows are of one namespace; of several it is among the last to go */
export const placeColumn = <Row extends Placed>(
  scene: Scene,
  rows: readonly Row[],
  title: string,
  last: number,
): Column<Row> => ({
  title,
  align: 'left',
  width: 10,
  most: 20,
  priority: isOneNamespace(rows) ? last : 1,
  cell: ({ netnsId }) => placeOf(scene, netnsId) ?? '',
  look: () => 'dim',
});
