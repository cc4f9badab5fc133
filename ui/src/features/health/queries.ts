import { queryOptions } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

/** How far back a history goes. */
export type Window = '1h' | '24h' | '7d' | '30d'

/** The windows, with the words for them. */
export const windows: readonly (readonly [Window, string])[] = [
  ['1h', 'Hour'],
  ['24h', 'Day'],
  ['7d', 'Week'],
  ['30d', 'Month'],
]

/** How the instance has answered. New counts come once a minute, without an event. */
export function healthQuery({ name, state }: Pick<Schema<'Instance'>, 'name' | 'state'>, window: Window) {
  return queryOptions({
    queryKey: ['health', name, window],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/instances/{name}/health', { params: { path: { name }, query: { window } }, signal }),
      ),
    staleTime: 30_000,
    refetchInterval: state === 'running' ? 60_000 : false,
  })
}

/** Whether what is known of health is up to date. */
export const monitorQuery = queryOptions({
  queryKey: ['monitor'],
  queryFn: ({ signal }) => answer(api.GET('/api/monitor', { signal })),
  staleTime: 30_000,
  refetchInterval: 60_000,
})
