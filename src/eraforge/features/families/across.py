"""A symbol beside the others at the same moment: ranks, scores, groups, the market, pairs, leads and lags."""

from __future__ import annotations

from eraforge.features.expression import Node, across, deviation, mean, neutral, of, of_symbol, over, shift, total
from eraforge.features.families.columns import CLOSE, LOG_RETURN, RETURN, rsi
from eraforge.features.families.liquidity import DOLLARS
from eraforge.features.feature import Declared, Family

MARKET = across("across_mean", RETURN)
"""Mean return of all symbols with a bar: the market, equally weighted."""


def _momentum(window: int) -> Node:
    return CLOSE / shift(CLOSE, window) - 1.0


BETA = over("slope_on", 60, RETURN, MARKET)
WHAT: dict[str, Node] = {
    **{f"momentum_{window}": _momentum(window) for window in (5, 20, 60, 120)},
    "volatility_20": deviation(LOG_RETURN, 20),
    "volatility_60": deviation(LOG_RETURN, 60),
    "dollar_volume_20": of("log", mean(DOLLARS, 20)),
    "rsi_14": rsi(14),
}


def pair(reference: str | None = None) -> Family:
    """A symbol beside a named one, or beside the market: the four columns of a pair.

    The names of a pair with a named symbol end in it.
    """
    other = MARKET if reference is None else of_symbol(RETURN, reference)
    tail = "" if reference is None else f"_{reference}"
    gap = RETURN - other
    beside = "beside " + (reference or "the mean return of all symbols")
    return Family(
        f"pair{tail}",
        f"Returns {beside}.",
        (
            Declared(f"correlation_20{tail}", over("correlation", 20, RETURN, other), "score", beside),
            Declared(f"spread_zscore{tail}", over("path_score", 20, gap), "score",
                     f"running sum of the returns {beside} over 20 bars, its end in deviations"),
            Declared(f"beta{tail}", over("slope_on", 60, RETURN, other), "ratio", f"Sharpe (1964), 60 bars, {beside}"),
            Declared(f"relative_strength{tail}", total(gap, 20), "ratio", f"20 bars, {beside}"),
        ),
    )  # fmt: skip


def _ranked(group: str) -> tuple[Declared, ...]:
    """Ranks and scores of `WHAT`, within a group of bars or among all."""
    within = f"within its {group}" if group else "among all symbols"
    infix = f"_{group}" if group else ""
    made = []
    for name, node in WHAT.items():
        rank, score = across("across_rank", node, group), across("across_score", node, group)
        made.append(Declared(f"{name}{infix}_rank", rank, "rank", f"(average rank - 0.5) / count {within}"))
        made.append(Declared(f"{name}{infix}_zscore", score, "score", f"ddof 0, {within}"))
    return tuple(made)


def _market() -> list[Declared]:
    move, median = _momentum(20), across("across_median", _momentum(20))
    volatility = deviation(LOG_RETURN, 60)
    residual = RETURN - shift(BETA) * MARKET
    lead = shift(RETURN)
    mass = of("log", mean(DOLLARS, 20))
    made = [
        Declared("excess_return_1", RETURN - MARKET, "ratio", "less the mean of all"),
        Declared("excess_momentum_20", move - median, "ratio", "less the median of all"),
        Declared("market_return", MARKET, "ratio", "mean of all"),
        Declared("market_momentum_20", total(MARKET, 20), "ratio", "mean returns of all, added"),
        Declared("market_volatility_20", deviation(MARKET, 20), "ratio", "of the mean return of all"),
        Declared("market_dispersion", across("across_deviation", RETURN), "ratio", "deviation across symbols, ddof 0"),
        Declared("market_breadth_50", across("across_mean", mean(CLOSE, 50) < CLOSE), "share",
                 "symbols above their average of 50"),
        Declared("market_rank_5", across("across_rank", total(RETURN - MARKET, 5)), "rank",
                 "of the excess return of 5 bars"),
        Declared("idiosyncratic_volatility_60", deviation(residual, 60), "ratio", "Ang et al. (2006), one factor"),
        Declared("residual_momentum_60", total(residual, 60) / deviation(residual, 60), "score",
                 "Blitz, Huij and Martens (2011), one factor"),
        Declared("neutral_momentum_20", neutral(move, BETA, volatility, mass), "ratio",
                 "less what beta, volatility and traded value explain across symbols"),
        Declared("follows_market", over("correlation", 60, RETURN, shift(MARKET)), "score",
                 "correlation with the market a bar before"),
        Declared("leads_market", over("correlation", 60, lead, MARKET), "score",
                 "correlation of its bar before with the market"),
        Declared("lagged_beta", over("slope_on", 60, RETURN, shift(MARKET)), "ratio", "Dimson (1979), one lag"),
    ]  # fmt: skip
    for group in ("sector", "country"):
        own = across("across_mean", RETURN, group)
        made.append(Declared(f"{group}_return", own, "ratio", f"mean of its {group}"))
        made.append(Declared(f"{group}_excess_20", total(RETURN - own, 20), "ratio", f"less the mean of its {group}"))
        made.append(Declared(f"follows_{group}", over("correlation", 60, RETURN, shift(own)), "score",
                             f"correlation with its {group} a bar before"))  # fmt: skip
    return made


PAIR = pair()
CROSS_SECTION = Family("cross_section", "Ranks and scores among all symbols.", _ranked(""))
SECTOR = Family("sector", "Ranks and scores within a sector.", _ranked("sector"))
COUNTRY = Family("country", "Ranks and scores within a country.", _ranked("country"))
MARKET_RELATIVE = Family("market", "Beside the market and the groups, with leads and lags.", tuple(_market()))
