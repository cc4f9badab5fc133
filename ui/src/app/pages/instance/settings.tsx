import { DangerZone } from '@/features/instances/danger-zone'
import { NetworkCard } from '@/features/instances/network-card'

import { OperatorsOnly } from './operators-only'
import { useShown } from './shown'

export function SettingsTab() {
  const { instance, onStarted } = useShown()
  return (
    <OperatorsOnly>
      <div className="flex max-w-3xl flex-col gap-5">
        <NetworkCard instance={instance} onStarted={onStarted} />
        <DangerZone instance={instance} />
      </div>
    </OperatorsOnly>
  )
}
