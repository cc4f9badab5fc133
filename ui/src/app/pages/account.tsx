import { getRouteApi } from '@tanstack/react-router'

import { Page } from '@/components/page'
import { PasswordCard } from '@/features/session/password-card'
import { TokenCard } from '@/features/tokens/token-card'

const route = getRouteApi('/signed-in/account')

export function AccountPage() {
  const { me } = route.useRouteContext()
  return (
    <Page title="Your account">
      <h1 className="text-xl font-semibold tracking-tight">Your account</h1>
      <p className="mt-1 mb-5 text-ink-soft">
        {me.username}, {me.role}
      </p>
      <div className="grid items-start gap-5 lg:grid-cols-[1fr_20rem]">
        <TokenCard role={me.role} />
        <PasswordCard />
      </div>
    </Page>
  )
}
