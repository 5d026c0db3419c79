// The B-tree of maps that grow large, loaded when one does: few traces have a VM of so many mappings.
import type BTree from 'sorted-btree';

export type { BTree };

/** @param compare negative where `a` comes before `b`. @param nodeSize keys per node. */
export function newBTree<K, V>(compare: (a: K, b: K) => number, nodeSize: number): BTree<K, V> {
  const { default: Tree } = require('sorted-btree') as typeof import('sorted-btree');
  return new Tree<K, V>(undefined, compare, nodeSize);
}
