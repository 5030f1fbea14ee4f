/** Something that is wrong or doubtful about a foreign warehouse, with its remedy. */
export interface Finding {
  /** An error: no number can be trusted, or none computed. A warning: numbers can be read, knowing this. */
  readonly severity: 'error' | 'warning';
  /** Where in the document, such as `warehouse_source shop: facts[0].sql (shop.yaml:20:10)`. */
  readonly path: string;
  /** A sentence. */
  readonly message: string;
}

export type Place = (path: readonly PropertyKey[]) => string;
