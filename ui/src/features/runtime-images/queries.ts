import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

/** The images that instances may run instead of the stock one. */
export const runtimeImagesQuery = queryOptions({
  queryKey: ['runtime-images'],
  queryFn: ({ signal }) => answer(api.GET('/api/runtime-images', { signal })),
})

/** The first instances that use an image, and those in the trash that do. */
export const imageUsersQuery = (image: string) =>
  queryOptions({
    queryKey: ['runtime-images', image, 'users'],
    queryFn: async ({ signal }) => {
      const list = (deleted: boolean) =>
        answer(
          api.GET('/api/instances', {
            signal,
            params: { query: { runtime_image: image, deleted, sort: 'name', limit: 50 } },
          }),
        )
      const [living, trashed] = await Promise.all([list(false), list(true)])
      return { living: living.items, trashed: trashed.items }
    },
    staleTime: 0,
  })

export function useRegisterRuntimeImage() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schema<'RegisterRuntimeImageRequest'>) =>
      answer(api.POST('/api/runtime-images', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: runtimeImagesQuery.queryKey }),
  })
}

export function useDeleteRuntimeImage() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (name: string) =>
      answer(api.DELETE('/api/runtime-images/{name}', { params: { path: { name } } })),
    // Not waited for: whoever asked is told first, and may be gone with the image.
    onSettled: () => void client.invalidateQueries({ queryKey: runtimeImagesQuery.queryKey }),
  })
}
