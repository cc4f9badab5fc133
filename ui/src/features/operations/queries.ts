import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'
import { boundsOf, type TimeRange } from '@/lib/time-range'
import { toast } from '@/lib/toasts'

const SHOWN = 20

/** The places of operations in the query cache. */
export const operationKeys = {
  all: ['operations'] as const,
  ofInstance: (name: string) => ['operations', 'of', name] as const,
}

/** The latest operations of the instance called name, newest first, with their steps. */
export function operationsQuery(name: string) {
  return queryOptions({
    queryKey: operationKeys.ofInstance(name),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/operations', { params: { query: { instance: name, limit: SHOWN } }, signal })),
  })
}

/** Which operations a list shows; what is absent selects all. */
export interface OperationFilter extends TimeRange {
  instance?: string | undefined
  kind?: Schema<'OperationKind'> | undefined
  state?: Schema<'OperationState'> | undefined
  batch?: string | undefined
}

/** All operations that match, newest first, in pages. */
export function operationListQuery(filter: OperationFilter) {
  const { instance, kind, state, batch, ...range } = filter
  return infiniteQueryOptions({
    queryKey: [...operationKeys.all, 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/operations', {
          params: {
            query: {
              ...(instance && { instance }),
              ...(kind && { kind }),
              ...(state && { state: [state] }),
              ...(batch && { batch }),
              ...boundsOf(range, Date.now()),
              ...(pageParam && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })
}

const LATEST = 5

/** The latest few operations in one of those states. */
export function latestOperationsQuery(states: Schema<'OperationState'>[]) {
  return queryOptions({
    queryKey: [...operationKeys.all, 'latest', ...states],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/operations', { params: { query: { state: states, limit: LATEST } }, signal })),
  })
}

/** One operation with its steps. */
export function operationQuery(id: string) {
  return queryOptions({
    queryKey: [...operationKeys.all, 'one', id],
    queryFn: ({ signal }) => answer(api.GET('/api/operations/{id}', { params: { path: { id } }, signal })),
  })
}

/** Asks for an operation to be tried again, as a new one. */
export function useRetryOperation(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/operations/{id}/retry', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries(),
  })
}

/** Asks for the step that waits for its next attempt to be tried at once. */
export function useRetryStep(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/operations/{id}/retry-now', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: operationKeys.all }),
  })
}

/** Asks for an operation to be cancelled. */
export function useCancelOperation(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/operations/{id}/cancel', { params: { path: { id } } })),
    // Said here: the button that was pressed goes with the first news of it.
    onSuccess: () => {
      toast('The operation is being cancelled.')
      return client.invalidateQueries()
    },
  })
}
