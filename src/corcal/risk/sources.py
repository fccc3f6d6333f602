"""Every source of the room: the citation of each number and sentence, and how sure it is.

One entry per publication, alphabetical by key. Every category, percentile, estimate and statement
names its source by such a key, and `corcal sources` prints them all.
"""

from collections.abc import Mapping
from types import MappingProxyType

from corcal.errors import InputError
from corcal.risk.types import Mark, Source

__all__ = ["SOURCES", "source"]

_ALL = (
    Source(
        key="accaha2026",
        citation="2026 ACC/AHA multisociety guideline on the management of dyslipidemia. "
        "Circulation 2026.",
        year=2026,
        doi="10.1161/CIR.0000000000001423",
        mark=Mark.SECONDARY,
        used_for="bands of the score, treatment goals by score, repeat scan after a score of 0",
    ),
    Source(
        key="ahaacc2025_bp",
        citation="Jones DW, Ferdinand KC, Taler SJ, et al. 2025 AHA/ACC multisociety "
        "guideline for high blood pressure in adults. Hypertension "
        "2025;82:e212-e316.",
        year=2025,
        doi="10.1161/HYP.0000000000000249",
        mark=Mark.RECALLED,
        used_for="blood pressure by stage and PREVENT risk; the role of calcium from memory",
    ),
    Source(
        key="arcadi2014",
        citation="Arcadi T, Maffei E, Sverzellati N, et al. Coronary artery calcium score "
        "on low-dose computed tomography for lung cancer screening. World J "
        "Radiol 2014;6:381-387.",
        year=2014,
        doi="10.4329/wjr.v6.i6.381",
        mark=Mark.VERIFIED,
        used_for="scores with and without ECG gating in the same people",
    ),
    Source(
        key="arnett2019",
        citation="Arnett DK, Blumenthal RS, Albert MA, et al. 2019 ACC/AHA guideline on the "
        "primary prevention of cardiovascular disease. Circulation 2019;140:e596-e646.",
        year=2019,
        doi="10.1161/CIR.0000000000000678",
        mark=Mark.SECONDARY,
        used_for="whom to scan, lifestyle and aspirin in primary prevention",
    ),
    Source(
        key="auc2023",
        citation="ACC/AHA/ASE/ASNC/ASPC/HFSA/HRS/SCAI/SCCT/SCMR/STS 2023 multimodality "
        "appropriate use criteria for the detection and risk assessment of chronic coronary "
        "disease. J Cardiovasc Magn Reson 2023;25:58.",
        year=2023,
        doi="10.1186/s12968-023-00958-5",
        mark=Mark.SECONDARY,
        used_for="CAC-DRS 3 begins at 300, which hecht2018 leaves open",
    ),
    Source(
        key="berry",
        citation="Berry JD, Liu K, Folsom AR, et al. Prevalence and progression of subclinical "
        "atherosclerosis in younger adults with low short-term but high lifetime estimated risk. "
        "Circulation 2009;119:382-389.",
        year=2009,
        doi="10.1161/CIRCULATIONAHA.108.800235",
        mark=Mark.RECALLED,
        used_for="CARDIA/MESA rule of progression",
    ),
    Source(
        key="budoff2013",
        citation="Budoff MJ, Young R, Lopez VA, et al. Progression of coronary calcium and "
        "incident coronary heart disease events. J Am Coll Cardiol 2013;61:1231-1239.",
        year=2013,
        doi="10.1016/j.jacc.2012.12.035",
        mark=Mark.SECONDARY,
        used_for="what a yearly change of the score meant in MESA",
    ),
    Source(
        key="cainzos2020",
        citation="Cainzos-Achirica M, Miedema MD, McEvoy JW, et al. Coronary artery "
        "calcium for personalized allocation of aspirin in primary prevention: "
        "MESA. Circulation 2020;141:1541-1553.",
        year=2020,
        doi="10.1161/CIRCULATIONAHA.119.045010",
        mark=Mark.RECALLED,
        used_for="benefit and harm of aspirin by score",
    ),
    Source(
        key="chung2008",
        citation="Chung H, McClelland RL, Katz R, Carr JJ, Budoff MJ. Repeatability limits for "
        "measurement of coronary artery calcified plaque with cardiac CT in the Multi-Ethnic Study "
        "of Atherosclerosis. AJR Am J Roentgenol 2008;190:W87-W92. PMID 18212206.",
        year=2008,
        doi=None,
        mark=Mark.VERIFIED,
        used_for="how far two scans of one day can differ (formula of the abstract)",
    ),
    Source(
        key="ctt2005",
        citation="Cholesterol Treatment Trialists' Collaborators. Efficacy and safety of "
        "cholesterol-lowering treatment: prospective meta-analysis of data from 90,056 "
        "participants in 14 randomised trials of statins. Lancet 2005;366:1267-1278.",
        year=2005,
        doi="10.1016/S0140-6736(05)67394-1",
        mark=Mark.VERIFIED,
        used_for="bounds of what-if: coronary events and stroke for 1 mmol/L less of LDL",
    ),
    Source(
        key="ctt2010",
        citation="Cholesterol Treatment Trialists' Collaboration. Efficacy and safety of more "
        "intensive lowering of LDL cholesterol: a meta-analysis of data from 170,000 "
        "participants in 26 randomised trials. Lancet 2010;376:1670-1681.",
        year=2010,
        doi="10.1016/S0140-6736(10)61350-5",
        mark=Mark.VERIFIED,
        used_for="bounds of what-if: major vascular events for 1 mmol/L less of LDL",
    ),
    Source(
        key="cury2022",
        citation="Cury RC, Leipsic J, Abbara S, et al. CAD-RADS 2.0. "
        "J Cardiovasc Comput Tomogr 2022;16:536-557.",
        year=2022,
        doi="10.1016/j.jcct.2022.07.002",
        mark=Mark.SECONDARY,
        used_for="plaque burden P1 to P4 from the score",
    ),
    Source(
        key="dzaye2021",
        citation="Dzaye O, Dardari ZA, Cainzos-Achirica M, et al. Warranty period of a calcium "
        "score of zero. JACC Cardiovasc Imaging 2021;14:990-1002.",
        year=2021,
        doi="10.1016/j.jcmg.2020.06.048",
        mark=Mark.VERIFIED,
        used_for="how long a score of 0 lasts",
    ),
    Source(
        key="dzaye2021_first_scan",
        citation="Dzaye O, Razavi AC, Dardari ZA, et al. Modeling the recommended age for "
        "initiating coronary artery calcium testing among at-risk young adults. "
        "J Am Coll Cardiol 2021;78:1573-1583.",
        year=2021,
        doi="10.1016/j.jacc.2021.08.019",
        mark=Mark.RECALLED,
        used_for="age at which a first scan finds calcium in one of four people",
    ),
    Source(
        key="esc2021",
        citation="Visseren FLJ, Mach F, Smulders YM, et al. 2021 ESC guidelines on "
        "cardiovascular disease prevention in clinical practice. Eur Heart J 2021;42:3227-3337.",
        year=2021,
        doi="10.1093/eurheartj/ehab484",
        mark=Mark.SECONDARY,
        used_for="calcium as a modifier of risk, Europe",
    ),
    Source(
        key="escc2025",
        citation="Mach F, Koskinas KC, Roeters van Lennep JE, et al. 2025 focused update of the "
        "2019 ESC/EAS guidelines for the management of dyslipidaemias. Eur Heart J 2025.",
        year=2025,
        doi="10.1093/eurheartj/ehaf190",
        mark=Mark.RECALLED,
        used_for="risk classes by SCORE2 and calcium as a modifier of risk, Europe",
    ),
    Source(
        key="ettehad2016",
        citation="Ettehad D, Emdin CA, Kiran A, et al. Blood pressure lowering for prevention of "
        "cardiovascular disease and death: a systematic review and meta-analysis. "
        "Lancet 2016;387:957-967.",
        year=2016,
        doi="10.1016/S0140-6736(15)01225-8",
        mark=Mark.VERIFIED,
        used_for="bounds of what-if: events for 10 mmHg less of systolic pressure",
    ),
    Source(
        key="fda2021",
        citation="US Food and Drug Administration. Drug safety communication on statins in "
        "pregnancy, 20 July 2021.",
        year=2021,
        doi=None,
        mark=Mark.SECONDARY,
        used_for="statins in pregnancy",
    ),
    Source(
        key="goff2014",
        citation="Goff DC Jr, Lloyd-Jones DM, Bennett G, et al. 2013 ACC/AHA guideline on the "
        "assessment of cardiovascular risk. Circulation 2014;129(25 Suppl 2):S49-S73.",
        year=2014,
        doi="10.1161/01.cir.0000437741.48606.98",
        mark=Mark.VERIFIED,
        used_for="Pooled Cohort Equations",
    ),
    Source(
        key="greenland2010",
        citation="Greenland P, Alpert JS, Beller GA, et al. 2010 ACCF/AHA guideline for "
        "assessment of cardiovascular risk in asymptomatic adults. J Am Coll "
        "Cardiol 2010;56:e50-e103.",
        year=2010,
        doi="10.1016/j.jacc.2010.09.001",
        mark=Mark.SECONDARY,
        used_for="stress imaging after a score from 400",
    ),
    Source(
        key="grundy2019",
        citation="Grundy SM, Stone NJ, Bailey AL, et al. 2018 AHA/ACC multisociety guideline on "
        "the management of blood cholesterol. Circulation 2019;139:e1082-e1143.",
        year=2019,
        doi="10.1161/CIR.0000000000000625",
        mark=Mark.SECONDARY,
        used_for="statin decision by score, 2018; superseded for lipids by accaha2026",
    ),
    Source(
        key="hecht2018",
        citation="Hecht HS, Blaha MJ, Kazerooni EA, et al. CAC-DRS: coronary artery calcium data "
        "and reporting system. J Cardiovasc Comput Tomogr 2018;12:185-191.",
        year=2018,
        doi="10.1016/j.jcct.2018.03.008",
        mark=Mark.SECONDARY,
        used_for="CAC-DRS: A, V and N",
    ),
    Source(
        key="hoelzel2004",
        citation="Hoelzel W, Weykamp C, Jeppsson JO, et al. IFCC reference system for "
        "measurement of hemoglobin A1c in human blood and the national standardization schemes. "
        "Clin Chem 2004;50:166-174.",
        year=2004,
        doi="10.1373/clinchem.2003.024802",
        mark=Mark.RECALLED,
        used_for="HbA1c in percent from mmol/mol",
    ),
    Source(
        key="hoff2001",
        citation="Hoff JA, Chomka EV, Krainik AJ, et al. Age and gender distributions of coronary "
        "artery calcium detected by electron beam tomography in 35,246 adults. "
        "Am J Cardiol 2001;87:1335-1339.",
        year=2001,
        doi="10.1016/S0002-9149(01)01548-X",
        mark=Mark.SECONDARY,
        used_for="percentiles by age and sex, self-referred adults of 30 to 90 years",
    ),
    Source(
        key="hokanson2004",
        citation="Hokanson JE, MacKenzie T, Kinney G, et al. Evaluating changes in coronary "
        "artery calcium: an analytic method that accounts for interscan variability. "
        "AJR Am J Roentgenol 2004;182:1327-1332.",
        year=2004,
        doi="10.2214/ajr.182.5.1821327",
        mark=Mark.SECONDARY,
        used_for="square-root rule of progression",
    ),
    Source(
        key="houslay2006",
        citation="Houslay ES, Cowell SJ, Prescott RJ, et al. Progressive coronary calcification "
        "despite intensive lipid-lowering treatment: a randomised controlled trial. "
        "Heart 2006;92:1207-1212.",
        year=2006,
        doi="10.1136/hrt.2005.080929",
        mark=Mark.VERIFIED,
        used_for="a statin does not slow the rise of the score (26 % a year, placebo 18 %)",
    ),
    Source(
        key="inker2021",
        citation="Inker LA, Eneanya ND, Coresh J, et al. New creatinine- and cystatin C-based "
        "equations to estimate GFR without race. N Engl J Med 2021;385:1737-1749.",
        year=2021,
        doi="10.1056/NEJMoa2102953",
        mark=Mark.VERIFIED,
        used_for="eGFR from creatinine, CKD-EPI 2021",
    ),
    Source(
        key="javaid2022",
        citation="Javaid A, Dardari ZA, Mitchell JD, et al. Distribution of coronary artery "
        "calcium by age, sex, and race among patients 30-45 years old. "
        "J Am Coll Cardiol 2022;79:1873-1886.",
        year=2022,
        doi="10.1016/j.jacc.2022.02.051",
        mark=Mark.SECONDARY,
        used_for="how common calcium is from 30 to 45 years",
    ),
    Source(
        key="khan2024",
        citation="Khan SS, Matsushita K, Sang Y, et al. Development and validation of the "
        "American Heart Association's PREVENT equations. Circulation 2024;149:430-449.",
        year=2024,
        doi="10.1161/CIRCULATIONAHA.123.067626",
        mark=Mark.VERIFIED,
        used_for="PREVENT: all outcomes, 10 and 30 years, base and add-on models",
    ),
    Source(
        key="kronmal2007",
        citation="Kronmal RA, McClelland RL, Detrano R, et al. Risk factors for the progression of "
        "coronary artery calcification in asymptomatic subjects: results from MESA. "
        "Circulation 2007;115:2722-2730.",
        year=2007,
        doi="10.1161/CIRCULATIONAHA.106.674143",
        mark=Mark.RECALLED,
        used_for="progression on the scale of ln(score + 25)",
    ),
    Source(
        key="maron2024",
        citation="Maron DJ, et al. Coronary artery calcium staging to guide preventive "
        "interventions: a proposal and call to action. JACC Adv 2024;3(11):101287.",
        year=2024,
        doi="10.1016/j.jacadv.2024.101287",
        mark=Mark.SECONDARY,
        used_for="stages 0 to 4 by score and percentile",
    ),
    Source(
        key="mcclelland2006",
        citation="McClelland RL, Chung H, Detrano R, Post W, Kronmal RA. Distribution of coronary "
        "artery calcium by race, gender, and age: results from the Multi-Ethnic Study of "
        "Atherosclerosis (MESA). Circulation 2006;113:30-37.",
        year=2006,
        doi="10.1161/CIRCULATIONAHA.105.580696",
        mark=Mark.VERIFIED,
        used_for="percentiles by age, sex and race: the study and its printed table",
    ),
    Source(
        key="mcclelland2009",
        citation="McClelland RL, Nasir K, Budoff M, Blumenthal RS, Kronmal RA. Arterial age as a "
        "function of coronary artery calcium (from MESA). Am J Cardiol 2009;103:59-63.",
        year=2009,
        doi="10.1016/j.amjcard.2008.08.031",
        mark=Mark.SECONDARY,
        used_for="arterial age",
    ),
    Source(
        key="mcclelland2015",
        citation="McClelland RL, Jorgensen NW, Budoff M, et al. 10-year coronary heart disease "
        "risk prediction using coronary artery calcium and traditional risk factors. "
        "J Am Coll Cardiol 2015;66:1643-1653.",
        year=2015,
        doi="10.1016/j.jacc.2015.08.035",
        mark=Mark.VERIFIED,
        used_for="10-year risk of coronary heart disease with and without calcium",
    ),
    Source(
        key="mesa_calculator",
        citation="MESA calcium score reference values, on-line calculator of the study, "
        "tools.mesa-nhlbi.org/Calcium/input.aspx, values of July 2026; method: McClelland RL, "
        "et al. Circulation 2006;113:30-37.",
        year=2026,
        doi=None,
        mark=Mark.VERIFIED,
        used_for="percentiles by single year of age, 45 to 84",
    ),
    Source(
        key="nice",
        citation="National Institute for Health and Care Excellence. Recent-onset chest pain of "
        "suspected cardiac origin: assessment and diagnosis, CG95, updated 2016.",
        year=2016,
        doi=None,
        mark=Mark.RECALLED,
        used_for="the score is no test for chest pain",
    ),
    Source(
        key="nla2020",
        citation="Orringer CE, Blaha MJ, Blankstein R, et al. The National Lipid Association "
        "scientific statement on coronary artery calcium scoring to guide preventive strategies. "
        "J Clin Lipidol 2021;15:33-60.",
        year=2021,
        doi="10.1016/j.jacl.2020.12.005",
        mark=Mark.RECALLED,
        used_for="whom to scan, what to report, repeat-scan intervals (these from memory)",
    ),
    Source(
        key="osei2021",
        citation="Osei AD, Mirbolouk M, Berman D, et al. Prognostic value of coronary "
        "artery calcium score, area, and density among individuals on statin "
        "therapy. Atherosclerosis 2021;316:79-83, PMC7770042.",
        year=2021,
        doi=None,
        mark=Mark.SECONDARY,
        used_for="the score under a statin",
    ),
    Source(
        key="patient_leaflets",
        citation="Simple guide to the score in patient leaflets and calculators "
        "(cal100.calculator.city); no publication prints it.",
        year=2026,
        doi=None,
        mark=Mark.SECONDARY,
        used_for="the plain guide: its four classes, with edges of rumberger1999; readings are "
        "corcal's words",
    ),
    Source(
        key="peng2021",
        citation="Peng AW, Dardari ZA, Blumenthal RS, et al. Very high coronary artery "
        "calcium (>=1000) and association with cardiovascular disease events: "
        "MESA. Circulation 2021;143:1571-1583.",
        year=2021,
        doi="10.1161/CIRCULATIONAHA.120.050545",
        mark=Mark.VERIFIED,
        used_for="events from a score of 1000",
    ),
    Source(
        key="raggi",
        citation="Raggi P, Callister TQ, Shaw LJ. Progression of coronary artery calcium and risk "
        "of first myocardial infarction in patients receiving cholesterol-lowering therapy. "
        "Arterioscler Thromb Vasc Biol 2004;24:1272-1277.",
        year=2004,
        doi="10.1161/01.ATV.0000127024.40516.ef",
        mark=Mark.RECALLED,
        used_for="relevant change of 15 % per year",
    ),
    Source(
        key="rumberger1999",
        citation="Rumberger JA, Brundage BH, Rader DJ, Kondos G. Electron beam computed "
        "tomographic coronary calcium scanning: a review and guidelines for use in asymptomatic "
        "persons. Mayo Clin Proc 1999;74:243-252.",
        year=1999,
        doi="10.4065/74.3.243",
        mark=Mark.SECONDARY,
        used_for="edges 10, 100 and 400 of the score",
    ),
    Source(
        key="scct2017",
        citation="Hecht H, Blaha MJ, Berman DS, et al. Clinical indications for coronary artery "
        "calcium scoring in asymptomatic patients: expert consensus of the SCCT. "
        "J Cardiovasc Comput Tomogr 2017;11:157-168.",
        year=2017,
        doi="10.1016/j.jcct.2017.02.010",
        mark=Mark.RECALLED,
        used_for="treatment by score, expert consensus",
    ),
    Source(
        key="score2_2021",
        citation="SCORE2 working group and ESC Cardiovascular risk collaboration. SCORE2 risk "
        "prediction algorithms. Eur Heart J 2021;42:2439-2454.",
        year=2021,
        doi="10.1093/eurheartj/ehab309",
        mark=Mark.VERIFIED,
        used_for="10-year cardiovascular risk, Europe, 40 to 69 years",
    ),
    Source(
        key="score2_op_2021",
        citation="SCORE2-OP working group and ESC Cardiovascular risk collaboration. SCORE2-OP "
        "risk prediction algorithms. Eur Heart J 2021;42:2455-2467.",
        year=2021,
        doi="10.1093/eurheartj/ehab312",
        mark=Mark.VERIFIED,
        used_for="10-year cardiovascular risk, Europe, 70 years and older",
    ),
    Source(
        key="uspstf2022",
        citation="US Preventive Services Task Force. Aspirin use to prevent cardiovascular "
        "disease: recommendation statement. JAMA 2022;327:1577-1584.",
        year=2022,
        doi="10.1001/jama.2022.4983",
        mark=Mark.VERIFIED,
        used_for="aspirin to prevent a first event",
    ),
    Source(
        key="zou2008",
        citation="Zou GY, Donner A. Construction of confidence limits about effect measures: a "
        "general approach. Stat Med 2008;27:1693-1702.",
        year=2008,
        doi="10.1002/sim.3095",
        mark=Mark.RECALLED,
        used_for="interval of a change from the intervals of two exams",
    ),
)

SOURCES: Mapping[str, Source] = MappingProxyType({one.key: one for one in _ALL})


def source(key: str) -> Source:
    """Return the source with this key.

    Parameters
    ----------
    key : str
        Such as ``"mcclelland2006"``.

    Returns
    -------
    Source
        Its citation and mark.

    Raises
    ------
    InputError
        If there is none with this key.

    Examples
    --------
    >>> source("mcclelland2009").doi
    '10.1016/j.amjcard.2008.08.031'
    """
    if key not in SOURCES:
        msg = f"no source has the key {key!r}; known are {', '.join(SOURCES)}"
        raise InputError(msg)
    return SOURCES[key]
