import { Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'

import { buttonClass } from '@/components/button'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'

export function NotFoundPage() {
  return (
    <Page title="Not found">
      <EmptyState
        asPage
        icon={Compass}
        title="There is no such page"
        action={
          <Link to="/instances" className={buttonClass('secondary')}>
            All instances
          </Link>
        }
      >
        The address may be mistyped, or the page has moved.
      </EmptyState>
    </Page>
  )
}
