import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

/** Everybody who may sign in. Asked anew for each visit: no event tells of users. */
export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => answer(api.GET('/api/users', { signal })),
  staleTime: 0,
})

export function useCreateUser() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schema<'CreateUserRequest'>) => answer(api.POST('/api/users', { body })),
    onSuccess: () => client.invalidateQueries(usersQuery),
  })
}

export function useUpdateUser(name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schema<'UpdateUserRequest'>) =>
      answer(api.PATCH('/api/users/{name}', { body, params: { path: { name } } })),
    onSuccess: () => client.invalidateQueries(usersQuery),
  })
}

/** Removes a user, or forgets the user's failed sign-ins. */
export function useUserAction(action: 'delete' | 'unlock', name: string) {
  const client = useQueryClient()
  const init = { params: { path: { name } } }
  return useMutation({
    mutationFn: async (): Promise<void> => {
      if (action === 'delete') await answer(api.DELETE('/api/users/{name}', init))
      else await answer(api.POST('/api/users/{name}/unlock', init))
    },
    onSuccess: () => client.invalidateQueries(usersQuery),
  })
}
