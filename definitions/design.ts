/**
 * What is randomized where users share something (seats, drivers, a price) and a user-level test would compare arms that take from each
 * other.
 * - `switchback`: each time window of each region, as a whole;
 * - `cluster`: each cluster, such as a team or a school;
 * - `geo`: each region, such as a city.
 */
export type Design =
  | {
      readonly type: 'switchback';
      /** The context attribute, and the property of outcomes, that names the region. */
      readonly region: string;
      /** Windows begin at multiples of this since 1970 UTC: a part of a day, or whole days. */
      readonly windowMs: number;
      /** What happens so soon after a window's beginning is not counted, because the window before still has its effect. */
      readonly burnInMs: number;
    }
  | { readonly type: 'cluster'; /** As `region` above. */ readonly cluster: string }
  | { readonly type: 'geo'; /** As above. */ readonly region: string };

/** The attribute by which a design's units are told apart; a switchback's with the window. */
export function attributeOfDesign(design: Design): string {
  return design.type === 'cluster' ? design.cluster : design.region;
}
