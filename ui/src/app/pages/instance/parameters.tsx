import { SettingsCard } from '@/features/instances/settings-card'

import { useShown } from './shown'

export function ParametersTab() {
  const { instance, mayOperate, onStarted } = useShown()
  return <SettingsCard instance={instance} mayChange={mayOperate} onStarted={onStarted} />
}
