import { AssignmentServiceService, type EvaluateResponse } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { AttributeValue } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { AttributeInput, EvaluationContext } from '@third-umpire/sdk';
import type { Server } from './server.ts';

/** What the service decides for a context, which also knows whom it saw log in on which device. Nothing is logged by it. */
export async function serviceDecision(
  server: Server,
  flagKey: string,
  context: EvaluationContext,
): Promise<EvaluateResponse> {
  const wire = Object.entries(context).flatMap(([name, value]) => {
    const kind = kindOf(value);
    return kind === undefined ? [] : [[name, { kind }] as const];
  });
  return await server.call(AssignmentServiceService.evaluate, { flagKey, context: Object.fromEntries(wire) });
}

/** The device that the service hashed the user by; `undefined` where it hashed him by himself, or nobody. */
export function linkedDeviceIn({ unitType, unitId }: EvaluateResponse, context: EvaluationContext): string | undefined {
  const user = context['user'];
  const isUser = unitType === 'user' && unitId !== '' && user !== undefined && user !== null && user !== '';
  return isUser && String(user) !== unitId ? unitId : undefined;
}

function kindOf(value: AttributeInput): AttributeValue['kind'] {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return { $case: 'stringValue', value };
  if (typeof value === 'number') return { $case: 'numberValue', value };
  if (typeof value === 'boolean') return { $case: 'boolValue', value };
  if (value instanceof Date) return { $case: 'stringValue', value: value.toISOString() };
  return { $case: 'stringList', value: { values: [...value] } };
}
