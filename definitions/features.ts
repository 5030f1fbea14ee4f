/** How a feature is computed from the events of a unit that happened strictly before a time. */
export type FeatureRule =
  | { readonly kind: 'latest'; readonly property: string }
  | { readonly kind: 'most frequent'; readonly property: string; readonly events: readonly string[] }
  | { readonly kind: 'days since first event' }
  | {
      readonly kind: 'sum';
      readonly event: string;
      readonly property: string;
      readonly windowMs: number;
      readonly divideBy: number;
    }
  | { readonly kind: 'count'; readonly event: string; readonly windowMs: number }
  | { readonly kind: 'share'; readonly event: string; readonly among: readonly string[]; readonly windowMs: number };

/** A feature of a unit as of a time. */
export interface FeatureDefinition {
  readonly key: string;
  readonly owner: string;
  readonly description: string;
  readonly valueKind: 'number' | 'category';
  readonly rule: FeatureRule;
}

const DAY_MS = 86_400_000;
const MONTH_MS = 30 * DAY_MS;

function latest(property: string, description: string): FeatureDefinition {
  return { key: property, owner: 'platform', description, valueKind: 'category', rule: { kind: 'latest', property } };
}

/**
 * The features that questions may name as covariates. Each is as of a time: an event at that time or after it never changes one. A property of the events
 * that is in no list can be named as `property:NAME`.
 */
export const FEATURES: readonly FeatureDefinition[] = [
  latest('region', 'where the unit was last seen'),
  latest('city_tier', 'the tier of the city where the unit was last seen'),
  latest('network_quality', 'the network that the unit last had'),
  latest('device', 'the device that the unit last used'),
  latest('app_version', 'the version of the app that the unit last used'),
  latest('language', 'the language that the unit last had'),
  {
    key: 'account_age',
    owner: 'platform',
    description: 'days since the first event of the unit',
    valueKind: 'number',
    rule: { kind: 'days since first event' },
  },
  {
    key: 'prior_spend_30d',
    owner: 'wallet',
    description: 'what the unit spent from its wallet in the 30 days before, in major units',
    valueKind: 'number',
    rule: { kind: 'sum', event: 'wallet_spent', property: 'amount_paise', windowMs: MONTH_MS, divideBy: 100 },
  },
  {
    key: 'prior_joins_30d',
    owner: 'contests',
    description: 'contests that the unit joined in the 30 days before',
    valueKind: 'number',
    rule: { kind: 'count', event: 'contest_joined', windowMs: MONTH_MS },
  },
  {
    key: 'deposit_attempts_30d',
    owner: 'payments',
    description: 'deposits that the unit attempted in the 30 days before',
    valueKind: 'number',
    rule: { kind: 'count', event: 'deposit_attempted', windowMs: MONTH_MS },
  },
  {
    key: 'deposit_success_rate_30d',
    owner: 'payments',
    description: 'share of the deposits of the 30 days before that succeeded; missing without any',
    valueKind: 'number',
    rule: {
      kind: 'share',
      event: 'deposit_succeeded',
      among: ['deposit_succeeded', 'deposit_failed'],
      windowMs: MONTH_MS,
    },
  },
  {
    key: 'preferred_method',
    owner: 'payments',
    description: 'the payment method that the unit used most before',
    valueKind: 'category',
    rule: {
      kind: 'most frequent',
      property: 'method',
      events: ['deposit_attempted', 'deposit_succeeded', 'deposit_failed'],
    },
  },
];

const PROPERTY = 'property:';

/** A feature by its key; undefined where there is none. */
export function featureOf(key: string): FeatureDefinition | undefined {
  const known = FEATURES.find((feature) => feature.key === key);
  if (known !== undefined || !key.startsWith(PROPERTY)) return known;
  const property = key.slice(PROPERTY.length);
  return { ...latest(property, `the last value of the property ${property}`), key };
}
