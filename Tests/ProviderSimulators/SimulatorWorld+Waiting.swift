extension SimulatorWorld {
    /// Waits until a task has ended: for a wire that answers when it is done.
    package func settle(_ task: SimulatedTask) async {
        while !Task.isCancelled, !standing(of: task).isFinal { try? await Task.sleep(for: .milliseconds(10)) }
    }
}
