import type { QueryKey } from '@tanstack/react-query'

import { batchKeys } from '@/features/batches/queries'
import { durableKeys } from '@/features/durable/queries'
import { eventKeys } from '@/features/events/queries'
import { instanceKeys } from '@/features/instances/queries'
import { operationKeys } from '@/features/operations/queries'
import { overviewKey } from '@/features/overview/queries'
import { systemKeys } from '@/features/system/queries'
import type { Schema } from '@/lib/api'

/** The types of events that the stream names. */
export const eventTypes = [
  'instance.state',
  'instance.health',
  'instance.updated',
  'operation.started',
  'operation.ended',
  'operation.cancel',
  'batch.started',
  'batch.progress',
  'batch.ended',
  'batch.cancel',
  'step.started',
  'step.progress',
  'step.succeeded',
  'step.failed',
  'password.revealed',
  'durable_function.started',
  'durable_function.cancelled',
  'durable_function.signalled',
  'query.run',
  'drift.found',
  'drift.resolved',
  'drift.checked',
] as const

/** What of the query cache an event makes out of date. */
export function outdatedBy({
  type,
  instance_name: name,
}: Pick<Schema<'Event'>, 'type' | 'instance_name'>): QueryKey[] {
  if (type === 'batch.ended') return [batchKeys.all, overviewKey]
  if (type.startsWith('batch.')) return [batchKeys.all] // and of no instance
  if (type === 'drift.checked') return [systemKeys.drift] // of no instance, either
  const keys: QueryKey[] = [eventKeys.ofInstance(name)]
  // Neither changes the instance.
  if (type === 'password.revealed' || type === 'query.run') return keys
  if (type.startsWith('drift.')) return [...keys, systemKeys.drift, overviewKey]
  if (type.startsWith('durable_function.')) return [...keys, durableKeys.ofInstance(name)]
  if (type === 'instance.health') return [...keys, instanceKeys.detail(name), instanceKeys.lists, overviewKey]
  keys.push(operationKeys.all)
  // A step changes nothing of the instance but the message of what it waits for.
  if (type !== 'step.started' && type !== 'step.succeeded') keys.push(instanceKeys.detail(name))
  if (type.startsWith('instance.') || type.startsWith('operation.'))
    keys.push(instanceKeys.lists, overviewKey)
  return keys
}
