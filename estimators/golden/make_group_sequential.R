# Makes group-sequential.json with R's rpact (Debian: apt-get install r-cran-rpact). Run: Rscript estimators/golden/make_group_sequential.R
suppressMessages(library(rpact))
number <- function(x) ifelse(is.finite(x), sprintf("%.12g", x), ifelse(x > 0, "1e300", "-1e300"))
list_of <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
entry <- function(name, value) paste0('"', name, '": ', value)
object <- function(...) paste0("{", paste(c(...), collapse = ", "), "}")
text <- function(x) paste0('"', x, '"')

equal <- function(k) (1:k) / k
spend <- function(kind, gamma) switch(kind,
  OF = text("obrien-fleming"), P = text("pocock"),
  HSD = object(entry("family", text("hwang-shih-decani")), entry("gamma", number(gamma))),
  KD = object(entry("family", text("power")), entry("rho", number(gamma))))

# Two-sided boundaries by alpha spending, power and information.
spending <- list()
for (case in list(list("OF", NA, equal(5), 0.05), list("P", NA, equal(5), 0.05), list("HSD", -4, equal(4), 0.05),
    list("HSD", 2, c(0.2, 0.5, 1), 0.01), list("KD", 3, equal(3), 0.1), list("KD", 1, c(0.1, 0.12, 0.7, 1), 0.05),
    list("OF", NA, c(0.05, 0.5, 0.55, 0.9, 1), 0.05), list("P", NA, equal(10), 0.05))) {
  arguments <- list(kMax = length(case[[3]]), sided = 2, alpha = case[[4]], beta = 0.2, tolerance = 1e-10,
    informationRates = case[[3]], typeOfDesign = paste0("as", case[[1]]))
  if (!is.na(case[[2]])) arguments$gammaA <- case[[2]]
  design <- do.call(getDesignGroupSequential, arguments)
  shape <- getDesignCharacteristics(design)
  spending <- c(spending, object(entry("spending", spend(case[[1]], case[[2]])), entry("alpha", number(case[[4]])),
    entry("power", "0.8"), entry("informationFractions", list_of(case[[3]])), entry("boundaries", list_of(design$criticalValues)),
    entry("inflationFactor", number(shape$inflationFactor)), entry("drift", number(sqrt(shape$shift))),
    entry("expectedInformation", number(shape$averageSampleNumber1 / shape$inflationFactor)),
    entry("rejections", list_of(shape$rejectionProbabilities))))
}

# Boundaries of O'Brien and Fleming, Pocock, Wang and Tsiatis.
classic <- list()
for (case in list(list("OF", 0, 5), list("P", 0.5, 5), list("WT", 0.25, 4), list("WT", 0.1, 10), list("OF", 0, 20), list("P", 0.5, 2))) {
  for (alpha in c(0.05, 0.01)) {
    arguments <- list(kMax = case[[3]], sided = 2, alpha = alpha, tolerance = 1e-10, typeOfDesign = case[[1]])
    if (case[[1]] == "WT") arguments$deltaWT <- case[[2]]
    design <- do.call(getDesignGroupSequential, arguments)
    classic <- c(classic, object(entry("delta", number(case[[2]])), entry("looks", case[[3]]), entry("alpha", number(alpha)),
      entry("boundaries", list_of(design$criticalValues))))
  }
}

# One-sided designs with futility by beta spending.
futility <- list()
for (binding in c(FALSE, TRUE)) for (case in list(list("OF", NA, "OF", NA, equal(4), 0.025, 0.2), list("OF", NA, "P", NA, equal(3), 0.025, 0.1),
    list("P", NA, "OF", NA, c(0.3, 0.6, 1), 0.05, 0.2), list("HSD", -4, "HSD", -2, equal(5), 0.025, 0.1),
    list("KD", 2, "KD", 1.5, c(0.2, 0.35, 0.8, 1), 0.01, 0.2), list("OF", NA, "OF", NA, equal(10), 0.025, 0.2))) {
  arguments <- list(kMax = length(case[[5]]), sided = 1, alpha = case[[6]], beta = case[[7]], informationRates = case[[5]],
    typeOfDesign = paste0("as", case[[1]]), typeBetaSpending = paste0("bs", case[[3]]), bindingFutility = binding, tolerance = 1e-10)
  if (!is.na(case[[2]])) arguments$gammaA <- case[[2]]
  if (!is.na(case[[4]])) arguments$gammaB <- case[[4]]
  design <- do.call(getDesignGroupSequential, arguments)
  shape <- getDesignCharacteristics(design)
  futility <- c(futility, object(entry("alphaSpending", spend(case[[1]], case[[2]])), entry("betaSpending", spend(case[[3]], case[[4]])),
    entry("alpha", number(case[[6]])), entry("beta", number(case[[7]])), entry("isBinding", tolower(binding)),
    entry("informationFractions", list_of(case[[5]])), entry("upper", list_of(design$criticalValues)),
    entry("lower", list_of(design$futilityBounds)), entry("drift", number(sqrt(shape$shift))),
    entry("inflationFactor", number(shape$inflationFactor)), entry("success", list_of(shape$rejectionProbabilities)),
    entry("givenUp", list_of(shape$futilityProbabilities))))
}

# After the end: stage-wise ordering. Means of the units between looks, in standard deviations; z is of all of them together.
final <- list()
for (case in list(list("OF", c(0.3, 0.7, 1), c(0.2, 0.5)), list("OF", equal(3), c(0.1, 0.12, 0.2)), list("P", c(0.25, 0.5, 0.75, 1), c(0.2, 0.5)),
    list("P", equal(3), c(-0.05, 0.01, -0.1)), list("OF", equal(5), c(0.1, 0.2, 0.4, 0.35)))) {
  design <- getDesignGroupSequential(kMax = length(case[[2]]), sided = 2, alpha = 0.05, typeOfDesign = paste0("as", case[[1]]),
    informationRates = case[[2]], tolerance = 1e-10)
  stages <- length(case[[3]])
  n <- round(120 * diff(c(0, case[[2]])))[1:stages]
  data <- getDataset(n = n, means = case[[3]], stDevs = rep(1, stages))
  results <- getStageResults(design, dataInput = data, normalApproximation = TRUE, stage = stages,
    directionUpper = sum(case[[3]] * n) > 0)
  interval <- getFinalConfidenceInterval(design, dataInput = data, normalApproximation = TRUE, stage = stages,
    directionUpper = sum(case[[3]] * n) > 0)
  p <- getFinalPValue(results)
  final <- c(final, object(entry("spending", spend(case[[1]], NA)), entry("informationFractions", list_of(case[[2]][1:stages])),
    entry("looks", length(case[[2]])), entry("boundaries", list_of(design$criticalValues[1:stages])), entry("units", list_of(sum(n))),
    entry("z", number(results$overallTestStatistics[stages])), entry("finalStage", p$finalStage), entry("pValue", number(p$pFinal)),
    entry("medianUnbiased", number(interval$medianUnbiasedGeneral)),
    entry("interval", list_of(interval$finalConfidenceIntervalGeneral))))
}

source <- object(entry("rpact", text(packageVersion("rpact"))), entry("R", text(paste(R.version$major, R.version$minor, sep = "."))),
  entry("script", text("estimators/golden/make_group_sequential.R")))
block <- function(items) paste0("[\n    ", paste(items, collapse = ",\n    "), "\n  ]")
writeLines(c("{", paste0("  ", entry("source", source), ","), paste0("  ", entry("spending", block(spending)), ","),
  paste0("  ", entry("classic", block(classic)), ","), paste0("  ", entry("futility", block(futility)), ","),
  paste0("  ", entry("final", block(final))), "}"), "estimators/golden/group-sequential.json")
