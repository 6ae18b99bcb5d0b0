import GRDB
import JobCore
import Ledger

/// Credits that end, as the tables keep them.
extension Database {
    /// What a workspace owns: what it can spend, and what is held for its jobs.
    func owned(by workspace: String) throws -> Credits {
        try balance(of: .available(workspace: workspace)).adding(balance(of: .held(workspace: workspace)))
    }

    /// The lots of a workspace, reckoned now; nil for one that never had any.
    ///
    /// - Parameters:
    ///   - workspace: Whose.
    ///   - change: What is about to be done: a lot that all is spent of is read only if it is concerned, and the first
    ///     one begins the reckonings.
    /// - Returns: The lots.
    /// - Throws: What SQLite says.
    func reckonedLots(of workspace: String, for change: CreditLots.Change? = nil) throws -> CreditLots? {
        let owned = try owned(by: workspace)
        let before = try integer("SELECT owned_nano FROM credit_reckonings WHERE workspace = ?", [.text(workspace)])
        guard let before else {
            guard case .opens? = change else { return nil }
            return CreditLots(owned: owned)
        }
        let concerned: String? = if case .concerns(let id)? = change { id } else { nil }
        let found = try rows(
            """
            SELECT id, remaining_nano, expires_at FROM credit_lots
            WHERE workspace = ? AND (remaining_nano > 0 OR id = ?)
            """,
            [.text(workspace), .text(concerned)]
        )
        var lots = CreditLots(found.map(CreditLots.Lot.init), owned: Credits(nanoUSD: before))
        lots.reckon(owned: owned)
        return lots
    }

    /// Writes the lots as they are now.
    func keep(_ lots: CreditLots, of workspace: String) throws {
        for lot in lots.lots {
            try run(
                """
                INSERT INTO credit_lots (id, workspace, remaining_nano, expires_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET remaining_nano = excluded.remaining_nano
                """,
                [.text(lot.id), .text(workspace), .amount(lot.remaining), .time(lot.expiresAt)]
            )
        }
        try run(
            """
            INSERT INTO credit_reckonings (workspace, owned_nano) VALUES (?, ?)
            ON CONFLICT (workspace) DO UPDATE SET owned_nano = excluded.owned_nano
            """,
            [.text(workspace), .amount(lots.owned)]
        )
    }

    /// Takes what has ended from every workspace that has such credits.
    func expireCredits(at now: Timestamp) throws -> [Transfer] {
        let workspaces = try rows(
            "SELECT DISTINCT workspace FROM credit_lots WHERE remaining_nano > 0 AND expires_at <= ? ORDER BY 1",
            [.time(now)]
        )
        var made: [Transfer] = []
        for row in workspaces {
            let workspace: String = row[0]
            guard let lots = try reckonedLots(of: workspace) else { continue }
            try keep(lots, of: workspace)
            for (lot, amount) in lots.ending(by: now, held: try balance(of: .held(workspace: workspace))) {
                let transfer = try Transfer.expiry(of: lot, workspace: workspace, amount: amount)
                try post(transfer, at: now, .concerns(lot.id))
                made.append(transfer)
            }
        }
        return made
    }
}

extension CreditLots.Lot {
    init(_ row: Row) {
        self.init(
            id: row[0],
            remaining: Credits(nanoUSD: row[1]),
            expiresAt: Timestamp(milliseconds: row[2])
        )
    }
}
