import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { meQuery } from '@/features/session/queries'
import { newQueryClient } from '@/lib/query-client'

import { focusHeadings } from './focus-headings'
import { keepFocus } from './keep-focus'
import { newRouter } from './router'

import './styles.css'

const client = newQueryClient(() => {
  // The router asks anew who is signed in, and leads to the sign-in page.
  void client
    .invalidateQueries({ queryKey: meQuery.queryKey, refetchType: 'none' })
    .then(() => router.invalidate())
})
const router = newRouter(client)
focusHeadings(router)
keepFocus()

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
